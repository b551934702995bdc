#!/bin/sh
# Runs, optimizes and tests the model in the folder named on the command line, which write_model.py
# wrote. The convoy of the build folder, or of a wheel, must be in PATH.
#
# Prints:
#   y  float32[1,2,7]  min 1  max 13  mean 4
#   verified on 3 sets of inputs
#   4 nodes before, 1 after
#     merge_branches                   1
#   ...
#   y  float32[1,2,7]  min 1  max 13  mean 4
#   ok    .
#   1 passed, 0 failed
set -eu
cd "$1"

convoy run model.onnx --data test_data_set_0 --output outputs # writes outputs/y.npy
convoy optimize model.onnx better.onnx --verify               # any runtime loads better.onnx
convoy run better.onnx --data test_data_set_0
convoy test . # compares with test_data_set_0/output_0.pb
