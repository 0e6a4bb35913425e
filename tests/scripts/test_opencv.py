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
        # In OpenCV's count the input is no layer, and in-place layers are layers.
        for path in MODELS.rglob("deploy.prototxt"):
            with self.subTest(path=path):
                net = cv2.dnn.readNetFromCaffe(str(path))
                self.assertEqual(len(net.getLayerNames()), path.read_text().count("layer {") - 1)
                self.assertEqual(net.getUnconnectedOutLayersNames(), ("prob",))


if __name__ == "__main__":
    unittest.main()
