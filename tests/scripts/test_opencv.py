"""OpenCV's DNN module, an independent reader of Caffe files, takes the deploy files."""
import pathlib
import unittest

try:
    import cv2
except ImportError:
    cv2 = None

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"


@unittest.skipIf(cv2 is None, "no OpenCV in this Python")
class ReadsDeployFiles(unittest.TestCase):
    def test_layers(self):
        # In OpenCV's count the input is no layer, in-place layers are layers, and Silence has an
        # output.
        for path in MODELS.rglob("deploy*.prototxt"):
            text = path.read_text()
            if '"LayerNorm"' in text:
                continue
            silent = ("pool1_rest",) if '"Silence"' in text else ()
            with self.subTest(path=path):
                net = cv2.dnn.readNetFromCaffe(str(path))
                self.assertEqual(len(net.getLayerNames()), text.count("layer {") - 1)
                self.assertEqual(net.getUnconnectedOutLayersNames(), (*silent, "prob"))


if __name__ == "__main__":
    unittest.main()
