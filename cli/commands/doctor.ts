/** `oppu doctor`: what this machine can do, what is missing, and how to get it. Needs no node and no passphrase. */
import { statfs } from 'node:fs/promises'
import { arch, availableParallelism, cpus, freemem, platform, totalmem } from 'node:os'
import { dirname } from 'node:path'
import type { Command } from '@commander-js/extra-typings'
import { Context, newCommand } from '../context.ts'
import { formatBytes, table } from '../terminal.ts'
import { VERSION } from '../version.ts'
import { showNetwork } from './peers.ts'

/** Below these, training SmolLM2-135M is not comfortable. */
const COMFORTABLE = { memory: 6e9, disk: 3e9 } as const

const CUDA_HINT =
  'CUDA: the packages come without its libraries. With CUDA 12 and cuDNN 9 on the machine: ' +
  'npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12'

const VULKAN_DRIVER =
  "your GPU's Vulkan driver (Debian: mesa-vulkan-drivers for Intel and AMD; NVIDIA's driver brings its own)"

/** What to do about a WebGPU that is not usable, by what the probe said. */
const WEBGPU_HINTS: readonly (readonly [fault: RegExp, hint: string])[] = [
  [/libvulkan/, `WebGPU: install the Vulkan loader (Debian: libvulkan1) and ${VULKAN_DRIVER}.`],
  [/no Vulkan driver/, `WebGPU: install ${VULKAN_DRIVER}.`],
  [
    /adapter/i,
    'WebGPU: the Vulkan driver here offers no GPU that can be used. Update it (Debian 12 has too old a Mesa), and ' +
      'see that you may use the GPU (Linux: be in the group render).',
  ],
  [/./, 'WebGPU: the GPU or its driver fails at a small product; update the driver.'],
]

export function addDoctorCommand(program: Command): void {
  newCommand(program, 'doctor')
    .description('what this machine can do for oppu, what is missing, and how to get it')
    .option('--network', 'instead: whether others can reach this node, and what to do (takes a few seconds)')
    .action(async options => {
      const context = new Context(options)
      if (options.network) return showNetwork(context)
      const { terminal, home } = context
      const { chooseDevice, probeDevices } = await import('../../node/graph/session.ts')
      const devices = await probeDevices()
      const auto = await chooseDevice('auto')
      const isUsable = (name: string) => devices.some(({ device, usable }) => device === name && usable)
      const memory = { total: totalmem(), free: freemem() }
      const disk = { free: await freeDisk(home) }
      const advice: string[] = []
      if (memory.total < COMFORTABLE.memory) {
        advice.push('Memory: below 6 GB; use the embedded base or another small one, and shorter sequences.')
      }
      if (disk.free < COMFORTABLE.disk)
        advice.push(`Disk: below 3 GB free at ${home}; set --home or OPPU_HOME to a larger one.`)
      if (!devices.some(({ device, usable }) => usable && device !== 'cpu')) {
        advice.push('Devices: no GPU is usable here; the CPU does everything, only slower.')
      }
      const webgpu = devices.find(({ device, usable }) => device === 'webgpu' && !usable)
      if (webgpu) advice.push(WEBGPU_HINTS.find(([fault]) => fault.test(webgpu.detail))![1])
      if (devices.some(({ device, usable }) => device === 'cuda' && !usable)) advice.push(CUDA_HINT)
      const versions = { oppu: VERSION, node: process.versions.node, platform: `${platform()}-${arch()}` }
      const processor = { model: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism() }
      terminal.result(
        { versions, processor, memory, disk, devices, auto, advice },
        [
          `oppu ${versions.oppu}, Node ${versions.node}, ${versions.platform}`,
          `processor  ${processor.model}, ${processor.cores} cores`,
          `memory     ${formatBytes(memory.total)}, ${formatBytes(memory.free)} free`,
          `disk       ${formatBytes(disk.free)} free at ${home}`,
          '',
          table(
            ['device', 'usable', 'detail'],
            devices.map(({ device, usable, detail }) => [device, usable ? 'yes' : 'no', detail]),
          ),
          '',
          `--device auto takes ${auto.device}: ${auto.reason}`,
          ...auto.tried
            .filter(({ device }) => isUsable(device))
            .map(({ device, error }) => `  not ${device}: ${error}`),
          ...(advice.length > 0 ? ['', ...advice] : []),
        ].join('\n'),
      )
    })
}

/** Free bytes where the folder is, or will be. */
async function freeDisk(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    if (dirname(folder) === folder) throw error
    return freeDisk(dirname(folder))
  }
}
