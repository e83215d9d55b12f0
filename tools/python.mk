# tools/python.mk: the Python package. Included by the Makefile.
#
# BUILD/python/emily is the package, ready for PYTHONPATH=BUILD/python; pip (python/setup.py) runs the same rule and packs that folder.
# The library is part of the extension, with its names hidden. The extension keeps to Python's stable ABI: any Python from 3.11 on may build it, and load it.

PYTHON ?= python3
PY_DIR := $(BUILD)/python/emily
PY_SRC := $(sort $(wildcard python/src/*.c))
PY_OBJ := $(PY_SRC:%.c=$(BUILD)/obj/%.o)
PY_FILES := $(sort $(shell find python/emily -name '*.py' -o -name py.typed))
PY_INCLUDE = $(shell $(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')

.PHONY: python
python: $(PY_DIR)/core/__init__.pyi ## build the Python package into BUILD/python
$(PY_DIR)/core/__init__.pyi: tools/python-stubs $(PY_DIR)/_emily.abi3.so $(PY_FILES:python/%=$(BUILD)/python/%)
	$(Q)$(PYTHON) tools/python-stubs $(BUILD)/python
$(PY_OBJ): ALL_CPPFLAGS += -isystem $(PY_INCLUDE)
$(PY_DIR)/_emily.abi3.so: $(PY_OBJ) $(BUILD)/libemily.a
	@mkdir -p $(@D)
	$(Q)$(CC) -shared $(ALL_LDFLAGS) -Wl,--exclude-libs,ALL $^ -o $@ $(LIBS)
$(BUILD)/python/%: python/%
	@mkdir -p $(@D)
	@cp $< $@

-include $(PY_OBJ:.o=.d)
