"""IOBinding."""

import numpy as np
from cases import case, raised
from sessions import open_model

X = np.array([[1, -2, 0, 3]], "f4")


def bound(ort, folder, name="two_outputs"):
    session = open_model(ort, folder, name)
    return session, session.io_binding()


@case
def outputs_in_the_order_of_binding(ort, folder):
    session, binding = bound(ort, folder)
    binding.bind_cpu_input("x", X)
    binding.bind_output("i")
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    return binding.copy_outputs_to_cpu()


@case
def one_output_of_two(ort, folder):
    session, binding = bound(ort, folder)
    binding.bind_cpu_input("x", X)
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    return [binding.copy_outputs_to_cpu(), len(binding.get_outputs())]


@case
def outputs_bound_twice(ort, folder):
    session, binding = bound(ort, folder)
    binding.bind_cpu_input("x", X)
    for name in ("i", "y", "i"):
        binding.bind_output(name, "cpu")
    session.run_with_iobinding(binding)
    return binding.copy_outputs_to_cpu()


@case
def sizes_change_from_run_to_run(ort, folder):
    session, binding = bound(ort, folder)
    results = []
    for rows in (1, 3, 2):
        binding.bind_output("y")
        binding.bind_output("i")
        binding.bind_cpu_input("x", np.arange(rows * 4, dtype="f4").reshape(rows, 4))
        session.run_with_iobinding(binding)
        results.append(binding.copy_outputs_to_cpu())
    return results


@case
def memory_by_pointer(ort, folder):
    session, binding = bound(ort, folder)
    x, y = X.copy(), np.full((1, 4), 9, "f4")
    binding.bind_input("x", "cpu", 0, np.float32, x.shape, x.ctypes.data)
    binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
    session.run_with_iobinding(binding)
    first = y.copy()
    x[:] = 5
    session.run_with_iobinding(binding)
    copies = binding.copy_outputs_to_cpu()
    return [first, y, copies, np.shares_memory(copies[0], y)]


@case
def memory_by_keywords_and_numbers_of_types(ort, folder):
    session, binding = bound(ort, folder)
    y = np.zeros((1, 4), "f4")
    binding.bind_input(name="x", device_type="cpu", device_id=0, element_type=1, shape=[1, 4],
                       buffer_ptr=X.ctypes.data)
    binding.bind_output(name="y", device_type="cpu", device_id=0, element_type=np.float32,
                        shape=(1, 4), buffer_ptr=y.ctypes.data)
    session.run_with_iobinding(binding)
    return y


@case
def values_bound(ort, folder):
    session, binding = bound(ort, folder)
    y = ort.OrtValue.ortvalue_from_shape_and_type([1, 4], np.float32)
    binding.bind_ortvalue_input("x", ort.OrtValue.ortvalue_from_numpy(X))
    binding.bind_ortvalue_output("y", y)
    binding.bind_output("i")
    session.run_with_iobinding(binding)
    outputs = binding.get_outputs()
    return [y.numpy(), [value.numpy() for value in outputs], outputs[0].data_ptr() == y.data_ptr(),
            [value.device_name() for value in outputs], binding.copy_outputs_to_cpu()]


@case
def outputs_that_become_inputs(ort, folder):
    session, binding = bound(ort, folder, "mul")
    binding.bind_cpu_input("x", np.ones((3, 2), "f4"))
    binding.bind_output("y")
    for _ in range(3):
        session.run_with_iobinding(binding)
        binding.bind_ortvalue_input("x", binding.get_outputs()[0])
        binding.clear_binding_outputs()
        binding.bind_output("y")
    session.run_with_iobinding(binding)
    return binding.copy_outputs_to_cpu()


@case
def bindings_cleared(ort, folder):
    session, binding = bound(ort, folder)
    binding.bind_cpu_input("x", X)
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    binding.clear_binding_outputs()
    without_outputs = raised(lambda: session.run_with_iobinding(binding))
    binding.bind_output("i")
    session.run_with_iobinding(binding)
    return [without_outputs, binding.copy_outputs_to_cpu()]


@case
def inputs_cleared(ort, folder):
    session, binding = bound(ort, folder)
    binding.bind_cpu_input("x", X)
    binding.bind_output("y")
    binding.clear_binding_inputs()
    return "raised" in raised(lambda: session.run_with_iobinding(binding))


@case
def synchronized(ort, folder):
    _, binding = bound(ort, folder)
    return [binding.synchronize_inputs(), binding.synchronize_outputs()]


@case
def earlier_results_stay(ort, folder):
    session, binding = bound(ort, folder)
    binding.bind_output("y")
    binding.bind_cpu_input("x", X)
    session.run_with_iobinding(binding)
    first = binding.copy_outputs_to_cpu()[0]
    binding.bind_cpu_input("x", X * 2)
    session.run_with_iobinding(binding)
    return [first, binding.copy_outputs_to_cpu()]


@case
def bindings_that_do_not_fit(ort, folder):
    session, _ = bound(ort, folder)

    def attempt(x, output=None):
        binding = session.io_binding()
        binding.bind_cpu_input("x", x)
        if output is None:
            binding.bind_output("y")
        else:
            binding.bind_ortvalue_output("y", output)
        session.run_with_iobinding(binding)

    make = ort.OrtValue.ortvalue_from_shape_and_type
    return [raised(lambda: attempt(X.astype("f8"))), raised(lambda: attempt(X[0])),
            raised(lambda: attempt(X[:, :3])),
            raised(lambda: attempt(X, make([2, 4], np.float32))),
            raised(lambda: attempt(X, make([1, 4], np.float64)))]


@case
def names_that_cannot_be_bound(ort, folder):
    session, binding = bound(ort, folder)
    unknown_input = raised(lambda: binding.bind_cpu_input("nothing", X))

    def unknown_output():
        binding.bind_cpu_input("x", X)
        binding.bind_output("nothing")
        session.run_with_iobinding(binding)

    return [unknown_input, raised(unknown_output)]


@case
def memory_without_type_or_shape(ort, folder):
    _, binding = bound(ort, folder)
    y = np.zeros((1, 4), "f4")
    return raised(lambda: binding.bind_output("y", "cpu", 0, None, None, y.ctypes.data))


@case
def nothing_bound(ort, folder):
    session, binding = bound(ort, folder)
    return raised(lambda: session.run_with_iobinding(binding))


@case
def binding_of_another_session(ort, folder):
    _, binding = bound(ort, folder)
    session, _ = bound(ort, folder)
    return raised(lambda: session.run_with_iobinding(binding))


@case
def binding_made_by_its_class(ort, folder):
    session = open_model(ort, folder, "two_outputs")
    binding = ort.IOBinding(session)
    binding.bind_cpu_input("x", X)
    binding.bind_output("y")
    session.run_with_iobinding(binding, ort.RunOptions())
    return binding.copy_outputs_to_cpu()


@case
def inputs_that_are_not_row_major(ort, folder):
    session, binding = bound(ort, folder)
    binding.bind_cpu_input("x", np.asfortranarray(np.arange(12, dtype="f4").reshape(3, 4)))
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    return binding.copy_outputs_to_cpu()
