"""LeNet as in Caffe's MNIST example: two convolutions and two inner products."""

XAVIER = {"type": "xavier"}
ZERO = {"type": "constant"}
FILLERS = {"weight_filler": XAVIER, "bias_filler": ZERO}

# Biases learn at twice the rate of weights.
RATES = [{"lr_mult": 1}, {"lr_mult": 2}]


def lenet(net, x, classes):
    x = net.convolution(x, "conv1", 20, 5, bias=True, params=RATES, **FILLERS)
    x = net.max_pool(x, "pool1", 2, 2)
    x = net.convolution(x, "conv2", 50, 5, bias=True, params=RATES, **FILLERS)
    x = net.max_pool(x, "pool2", 2, 2)
    x = net.inner_product(x, "ip1", 500, params=RATES, **FILLERS)
    x = net.relu(x, "relu1")
    return net.inner_product(x, "ip2", classes, params=RATES, **FILLERS)
