"""onnxruntime's converter to adapters (LoRA), which Convoy has not."""

from .._absent import AdapterFormat


def main() -> None:
    """Raises Unsupported."""
    AdapterFormat()


if __name__ == "__main__":
    main()
