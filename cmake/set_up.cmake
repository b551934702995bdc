# Under pip: runs tools/setup, before a compiler is looked for, so that what can be had is installed
# or built in the checkout and what cannot is named. pip's variables are for the environment that it
# builds in, whose packages would seem to be installed in others.

execute_process(
  COMMAND "${CMAKE_COMMAND}" -E env --unset=PYTHONPATH --unset=PYTHONNOUSERSITE
    --unset=PIP_BUILD_TRACKER "${CMAKE_CURRENT_SOURCE_DIR}/tools/setup"
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "What Convoy is built from is not there: "
    "tools/setup, which says above what is missing, must succeed in the checkout first.")
endif()
