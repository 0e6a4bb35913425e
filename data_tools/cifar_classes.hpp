#ifndef DATA_TOOLS_CIFAR_CLASSES_HPP_
#define DATA_TOOLS_CIFAR_CLASSES_HPP_

#include <string>
#include <vector>

namespace caffe {

/// Names of the labels 0, 1, ... of CIFAR-10, and of the fine and the coarse ones of CIFAR-100.
/// Source: https://www.cs.toronto.edu/~kriz/cifar.html
std::vector<std::string> Cifar10Classes();
std::vector<std::string> Cifar100Classes();
std::vector<std::string> Cifar100Superclasses();

}  // namespace caffe

#endif  // DATA_TOOLS_CIFAR_CLASSES_HPP_
