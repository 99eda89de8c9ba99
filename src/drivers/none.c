/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the driver library from being empty, which CMake refuses, in images without any of our devices. */
