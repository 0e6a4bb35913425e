#!/usr/bin/env bash
# Gets a public data set and unpacks it. See usage below.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: get_data.sh NAME [--from FILE_OR_DIR] [OUT]

NAME is mnist, cifar10 or cifar100 (the binary versions), svhn (the cropped digits), or svhn_extra
(with SVHN's extra images, 1.5 GB). The files go to OUT, by default data/NAME below the current
directory (data/svhn for svhn_extra); convert_mnist, convert_cifar or convert_svhn turns them into
LMDBs.

  --from FILE_OR_DIR   take what has been downloaded already: the archive, or a directory that
                       holds it (for mnist and svhn: the directory of the files)

Every file is checked against its MD5. OUT appears only when it is complete.

ImageNet has to be got by hand: log in at https://image-net.org/download-images, download
ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar and ILSVRC2012_devkit_t12.tar.gz into one folder, and
give that to convert_imagenet.
TEXT
}

fail() {
  echo "get_data.sh: $*" >&2
  exit 1
}

name="" from="" out=""
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) usage; exit 0 ;;
    --from)
      [ $# -ge 2 ] || fail "--from needs a file or a directory."
      from="$2"
      shift
      ;;
    -*) fail "unknown option $1. See --help." ;;
    *)
      if [ -z "$name" ]; then name="$1"
      elif [ -z "$out" ]; then out="$1"
      else fail "one argument too many: $1. See --help."
      fi
      ;;
  esac
  shift
done
[ -n "$name" ] || { usage >&2; exit 1; }

# Lines of: MD5, file, URL. MNIST's MD5s are those of the unpacked files, since equal files are
# about that were packed by different programs.
case "$name" in
  mnist)
    base=https://ossci-datasets.s3.amazonaws.com/mnist
    files="6bbc9ace898e44ae57da46a324031adb train-images-idx3-ubyte.gz $base/train-images-idx3-ubyte.gz
a25bea736e30d166cdddb491f175f624 train-labels-idx1-ubyte.gz $base/train-labels-idx1-ubyte.gz
2646ac647ad5339dbf082846283269ea t10k-images-idx3-ubyte.gz $base/t10k-images-idx3-ubyte.gz
27ae3e4e09519cfbb04c329615203637 t10k-labels-idx1-ubyte.gz $base/t10k-labels-idx1-ubyte.gz"
    ;;
  cifar10)
    base=https://www.cs.toronto.edu/~kriz
    files="c32a1d4ab5d03f1284b67883e8d87530 cifar-10-binary.tar.gz $base/cifar-10-binary.tar.gz"
    ;;
  cifar100)
    base=https://www.cs.toronto.edu/~kriz
    files="03b5dce01913d631647c71ecec9e9cb8 cifar-100-binary.tar.gz $base/cifar-100-binary.tar.gz"
    ;;
  svhn | svhn_extra)
    base=http://ufldl.stanford.edu/housenumbers
    files="e26dedcc434d2e4c54c9b2d4a06d8373 train_32x32.mat $base/train_32x32.mat
eb5a983be6a315427106f1b164d9cef3 test_32x32.mat $base/test_32x32.mat"
    if [ "$name" = svhn_extra ]; then
      files="$files
a93ce644f1a588dc4d68dda5feec44a7 extra_32x32.mat $base/extra_32x32.mat"
    fi
    ;;
  imagenet) fail "ImageNet has to be got by hand. See --help." ;;
  *) fail "unknown data set '$name'. Known: mnist, cifar10, cifar100, svhn, svhn_extra." ;;
esac
out="${out:-data/${name%_extra}}"
out="${out%/}"
[ ! -e "$out" ] || fail "$out exists already. Remove it, or choose another place."

mkdir -p "$(dirname "$out")" || fail "could not make the directory $(dirname "$out")."
temporary="$out.tmp-$$"
trap 'rm -rf "$temporary"' EXIT
trap 'exit 1' INT TERM
mkdir "$temporary"

# download URL FILE
download() {
  if command -v curl > /dev/null; then
    curl --fail --location --show-error --retry 2 --connect-timeout 20 --output "$2" "$1"
  elif command -v wget > /dev/null; then
    wget --tries=3 --timeout=20 -O "$2" "$1"
  else
    fail "neither curl nor wget is installed. Install one, or download $1 by hand and give it with --from."
  fi || fail "could not download $1. Is there a network? If not, download the file elsewhere and give it with --from FILE_OR_DIR."
}

checksum() {
  case "$1" in
    *.tar.gz | *.mat) md5sum < "$1" ;;
    *) { gzip -dc "$1" 2> /dev/null || true; } | md5sum ;;
  esac | cut -d' ' -f1
}

while read -r md5 file url; do
  if [ -n "$from" ]; then
    source="$from"
    if [ -d "$from" ]; then source="$from/$file"; fi
    [ -f "$source" ] || fail "there is no file $source."
    cp "$source" "$temporary/$file"
  else
    echo "$url"
    source="$url"
    download "$url" "$temporary/$file"
  fi
  found="$(checksum "$temporary/$file")"
  [ "$found" = "$md5" ] || fail "$source has the MD5 $found, the official $file has $md5. The file is cut off or another one; get it again."
done <<< "$files"

for archive in "$temporary"/*.tar.gz; do
  [ -e "$archive" ] || continue
  tar -xzf "$archive" -C "$temporary" || fail "could not unpack $(basename "$archive"). Is the disk full?"
  rm "$archive"
done
mv "$temporary" "$out"
echo "$name is in $out"
case "$name" in
  mnist) echo "Next: convert_mnist $out $out" ;;
  svhn) echo "Next: convert_svhn $out $out" ;;
  svhn_extra) echo "Next: convert_svhn --extra $out $out" ;;
  *) echo "Next: convert_cifar $name $out $out" ;;
esac
