"""What onnxruntime's build wrote of its package: the one whose interface this is."""

from .._process import onnxruntime_version

package_name = "onnxruntime"
__version__ = onnxruntime_version()
