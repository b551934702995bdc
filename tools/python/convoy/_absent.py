"""Names of onnxruntime's for what Convoy has not: they can be imported, and raise when used."""

from __future__ import annotations

from typing import Any

from ._errors import Unsupported


def _absent_class(name: str, what: str) -> type:
    def refuse(self: Any, *arguments: Any, **keywords: Any) -> None:
        raise Unsupported(f"{name}: {what} not in Convoy")

    return type(name, (), {"__init__": refuse, "__doc__": f"{what} not in Convoy."})


def _absent_function(name: str, what: str):
    def refuse(*arguments: Any, **keywords: Any) -> Any:
        raise Unsupported(f"{name}: {what} not in Convoy")

    refuse.__name__ = name
    refuse.__doc__ = f"Raises: {what} not in Convoy."
    return refuse


AdapterFormat = _absent_class("AdapterFormat", "adapters (LoRA) are")
LoraAdapter = _absent_class("LoraAdapter", "adapters (LoRA) are")
ModelCompiler = _absent_class("ModelCompiler", "compiled models are")
ModelPackage = _absent_class("ModelPackage", "packages of models are")
ModelPackageComponentContext = _absent_class(
    "ModelPackageComponentContext", "packages of models are")
ModelPackageContext = _absent_class("ModelPackageContext", "packages of models are")
ModelPackageOptions = _absent_class("ModelPackageOptions", "packages of models are")
OrtEpContextData = _absent_class("OrtEpContextData", "compiled models are")
OrtEpContextDataBuffer = _absent_class("OrtEpContextDataBuffer", "compiled models are")
OrtExternalInitializerInfo = _absent_class("OrtExternalInitializerInfo", "compiled models are")
OrtSyncStream = _absent_class("OrtSyncStream", "streams of devices are")
register_execution_provider_library = _absent_function(
    "register_execution_provider_library", "libraries of providers are")
unregister_execution_provider_library = _absent_function(
    "unregister_execution_provider_library", "libraries of providers are")

__all__ = [
    "AdapterFormat",
    "LoraAdapter",
    "ModelCompiler",
    "ModelPackage",
    "ModelPackageComponentContext",
    "ModelPackageContext",
    "ModelPackageOptions",
    "OrtEpContextData",
    "OrtEpContextDataBuffer",
    "OrtExternalInitializerInfo",
    "OrtSyncStream",
    "register_execution_provider_library",
    "unregister_execution_provider_library",
]
