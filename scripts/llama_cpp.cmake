# How localtopics has llama.cpp compiled: llama-cpp-python's build includes this file when it is started with
# -DCMAKE_PROJECT_llama_cpp_INCLUDE=scripts/llama_cpp.cmake, as scripts/install.py does.

# llama.cpp's "common" library is for its own programs: chat parsers, downloads, an HTTP client. It takes half of the
# time to compile, and nothing in llama_cpp loads it. No more is llava, for pictures, needed.
set(LLAMA_BUILD_COMMON OFF)
set(LLAVA_BUILD OFF)

# A compiler cache is not asked for, nor Git: what they say here is no help to anybody.
set(GGML_CCACHE OFF)

# See amx_tiles.h; other compilers than GCC have neither of the faults.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-include \"${CMAKE_CURRENT_LIST_DIR}/amx_tiles.h\">")
endif()
