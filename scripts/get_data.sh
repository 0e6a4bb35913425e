#!/usr/bin/env bash
# Gets a public data set and unpacks it. See usage below.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: get_data.sh NAME [--from FILE_OR_DIR] [OUT]

NAME is mnist, cifar10 or cifar100 (the binary versions). The files go to OUT, by default
data/NAME below the current directory; convert_mnist or convert_cifar turns them into LMDBs.

  --from FILE_OR_DIR   take what has been downloaded already: the archive, or a directory that
                       holds it (for mnist: the directory of the four .gz files)

Every file is checked against its official MD5. OUT appears only when it is complete.
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
  *) fail "unknown data set '$name'. Known: mnist, cifar10, cifar100." ;;
esac
out="${out:-data/$name}"
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
    *.tar.gz) md5sum < "$1" ;;
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
  *) echo "Next: convert_cifar $name $out $out" ;;
esac
