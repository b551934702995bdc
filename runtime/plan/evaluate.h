#pragma once
#include "runtime/op/evaluate.h"
