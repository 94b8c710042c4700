/*
 * A Vulkan driver whose device is lost once a file is there: hands everything on to the driver named by REAL_DRIVER, but
 * answers submissions with VK_ERROR_DEVICE_LOST while the file named by LOST exists. For tests; built by them.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void (*Function)(void);
typedef Function (*Lookup)(void *, const char *);
typedef int (*Submit)(void *, unsigned, const void *, unsigned long);
typedef int (*Negotiate)(unsigned *);

static Lookup device_lookup;
static Submit submit;

static void *real(const char *name) {
  static void *library;
  if (!library) library = dlopen(getenv("REAL_DRIVER"), RTLD_NOW | RTLD_LOCAL);
  return library ? dlsym(library, name) : 0;
}

static int submit_or_lose(void *queue, unsigned count, const void *submits, unsigned long fence) {
  return access(getenv("LOST"), F_OK) == 0 ? -4 : submit(queue, count, submits, fence);
}

static Function in_device(void *device, const char *name) {
  Function found = device_lookup(device, name);
  if (!found || strcmp(name, "vkQueueSubmit")) return found;
  submit = (Submit)found;
  return (Function)submit_or_lose;
}

Function vk_icdGetInstanceProcAddr(void *instance, const char *name) {
  Lookup lookup = (Lookup)real("vk_icdGetInstanceProcAddr");
  Function found = lookup ? lookup(instance, name) : 0;
  if (!found || strcmp(name, "vkGetDeviceProcAddr")) return found;
  device_lookup = (Lookup)found;
  return (Function)in_device;
}

Function vk_icdGetPhysicalDeviceProcAddr(void *instance, const char *name) {
  Lookup lookup = (Lookup)real("vk_icdGetPhysicalDeviceProcAddr");
  return lookup ? lookup(instance, name) : 0;
}

int vk_icdNegotiateLoaderICDInterfaceVersion(unsigned *version) {
  return ((Negotiate)real("vk_icdNegotiateLoaderICDInterfaceVersion"))(version);
}
