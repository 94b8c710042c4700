/** Devices by name, apart from the runtime that has them, so that help texts need not load it. */

const DEVICES = ['cpu', 'webgpu', 'cuda', 'coreml', 'dml'] as const
export type Device = (typeof DEVICES)[number]

/** `auto`: a device that computes rightly and faster than the CPU, found by trying; the CPU where none does. */
export const DEVICE_CHOICES = ['auto', ...DEVICES] as const
export type DeviceChoice = (typeof DEVICE_CHOICES)[number]

export function isDevice(name: string): name is Device {
  return (DEVICES as readonly string[]).includes(name)
}
