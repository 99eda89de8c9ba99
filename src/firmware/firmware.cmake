# SPDX-License-Identifier: Apache-2.0
# The application's sources, included by the root CMakeLists.txt and by the test image, which is the application
# with tests beside it.

if(NOT COMMAND rust_cargo_application)
  message(FATAL_ERROR "The module zephyr-lang-rust is missing: see docs/firmware.md, 'The trees'")
endif()

set(glue ${CMAKE_CURRENT_LIST_DIR})

target_include_directories(app PRIVATE ${glue})
target_sources(app PRIVATE
  ${glue}/can.c
  ${glue}/memory.c
  ${glue}/port.c
  ${glue}/ram_march.c
  ${glue}/retained.c
  ${glue}/rust_support.c
  ${glue}/settings.c
  ${glue}/storage.c
  ${glue}/threads.c
)
target_sources_ifdef(CONFIG_LEVITAS_SHELL app PRIVATE
  ${glue}/bridge_trial.c
  ${glue}/calibration.c
  ${glue}/commission.c
  ${glue}/key.c
  ${glue}/kits.c
  ${glue}/shell.c
  ${glue}/shell_self_test.c
)

target_sources_ifdef(CONFIG_LEVITAS_WATCHDOG app PRIVATE ${glue}/crash.c)

target_sources_ifdef(CONFIG_LEVITAS_WARMING app PRIVATE ${glue}/warming_port.c)
if(CONFIG_LEVITAS_WARMING AND CONFIG_LEVITAS_SHELL)
  target_sources(app PRIVATE ${glue}/heater.c)
endif()

target_sources_ifdef(CONFIG_LEVITAS_POWER app PRIVATE ${glue}/power_port.c)
if(CONFIG_LEVITAS_POWER AND CONFIG_LEVITAS_SHELL)
  target_sources(app PRIVATE ${glue}/power_shell.c)
endif()

if(CONFIG_LEVITAS_SAMPLER_STM32H7 AND CONFIG_LEVITAS_SHELL)
  target_sources(app PRIVATE ${glue}/board_shell.c)
endif()

target_sources_ifdef(CONFIG_LEVITAS_RECORDS app PRIVATE ${glue}/record_log.c ${glue}/records.c)
if(CONFIG_LEVITAS_RECORDS AND CONFIG_LEVITAS_SHELL)
  target_sources(app PRIVATE ${glue}/records_shell.c)
endif()

if(CONFIG_ARCH_POSIX)
  # The module would choose x86_64-unknown-none, which passes floats in other registers than the C compiler.
  function(_rust_map_target)
    set(RUST_TARGET ${CMAKE_HOST_SYSTEM_PROCESSOR}-unknown-linux-gnu PARENT_SCOPE)
  endfunction()

  # Threads of one program on two CPUs take most of the time of a run.
  target_sources(native_simulator INTERFACE ${glue}/native_sim_cpu.c)
endif()

# The build scripts of the Rust module's crates do not see that another configuration asks for other bindings. Cargo tells crates apart
# by their place, so with copies of these in the build folder images may share all others by CARGO_BUILD_BUILD_DIR.
set(rust_module ${CMAKE_BINARY_DIR}/rust_module)
foreach(crate zephyr zephyr-build zephyr-macros zephyr-sys)
  file(COPY $CACHE{RUST_MODULE_DIR}/${crate} DESTINATION ${rust_module})
endforeach()
file(COPY $CACHE{RUST_MODULE_DIR}/main.c DESTINATION ${rust_module})
# As new at each configuration, so that they run again.
file(TOUCH_NOCREATE ${rust_module}/zephyr/build.rs ${rust_module}/zephyr-sys/build.rs)
set(RUST_MODULE_DIR ${rust_module} CACHE INTERNAL "")

if(CONFIG_LEVITAS_ITCM)
  # Copies word by word where they are, not a call each.
  set_source_files_properties(${glue}/port.c PROPERTIES COMPILE_OPTIONS -O2)
  # The C of a levitation step; its Rust is moved by firmware/itcm.py.
  set(drivers ${glue}/../drivers)
  set(kernel ${ZEPHYR_BASE}/kernel)
  set(arch ${ZEPHYR_BASE}/arch/arm/core/cortex_m)
  zephyr_code_relocate(FILES ${glue}/port.c ${glue}/threads.c
    ${drivers}/sampler/sampler_stm32h7.c ${drivers}/hall_displacement/hall_displacement.c ${drivers}/hall_angle/hall_angle.c
    ${drivers}/coil_driver/coil_driver_stm32h7.c ${drivers}/motor_inverter/motor_inverter_stm32.c
    LOCATION ITCM_TEXT)
  zephyr_code_relocate(FILES ${kernel}/sem.c ${kernel}/sched.c ${kernel}/timeout.c ${kernel}/timer.c ${kernel}/poll.c
    ${ZEPHYR_BASE}/subsys/task_wdt/task_wdt.c ${ZEPHYR_BASE}/drivers/timer/cortex_m_systick.c
    ${ZEPHYR_BASE}/drivers/gpio/gpio_stm32.c ${ZEPHYR_BASE}/drivers/watchdog/wdt_iwdg_stm32.c
    ${arch}/isr_wrapper.c ${arch}/exc_exit.c ${arch}/swap.c ${arch}/swap_helper.S ${arch}/thread.c
    ${arch}/../mpu/arm_core_mpu.c ${arch}/../mpu/arm_mpu.c
    LOCATION ITCM_TEXT)
endif()

if(CONFIG_ARM)
  # Rust's objects carry no stack note, and the warning about it is an error under Twister.
  zephyr_ld_options(-Wl,--no-warn-execstack)
endif()

add_subdirectory(${glue}/../../firmware ${CMAKE_BINARY_DIR}/firmware)
