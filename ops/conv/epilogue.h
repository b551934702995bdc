// What fused operators apply to a result before they store it: y = scale * f(x + residual) + shift.
#pragma once

#include <optional>
#include <string_view>

#include "ops/kernels/epilogue.h"
#include "runtime/op/attribute_reader.h"

namespace convoy {

// Reads the attributes of private operators: activation ("", "Relu", "LeakyRelu", "Clip",
// "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "Silu"), activation_alpha, activation_beta,
// activation_scale, activation_shift. Throws kInvalidModel for another name.
Epilogue read_epilogue(AttributeReader& attributes);

// The attributes that say so of `epilogue`, scale and shift aside.
void set_activation(Attributes& attributes, const Epilogue& epilogue);
// nullopt for a name that it does not read.
std::optional<Activation> activation_named(std::string_view name);

float apply(const Epilogue& epilogue, float x);

}  // namespace convoy
