"""Checks that onnxruntime makes of the system it is imported on: Convoy has none to make."""


def check_distro_info() -> None:
    """Every Linux with the C library that the module was built for will do."""


def check_training_module() -> tuple[bool, str, str]:
    """(has training, package name, version): there is no training."""
    return False, "onnxruntime", ""


has_ortmodule = False
package_name = "onnxruntime"
cuda_version = ""
