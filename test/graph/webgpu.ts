/** WebGPU for tests: by this machine's own driver, else by the software one that Debian's chromium carries. */
import { existsSync } from 'node:fs'
import { Graph } from '../../node/graph/graph.ts'
import { neg } from '../../node/graph/ops.ts'
import { GraphSession, probeDevices } from '../../node/graph/session.ts'

const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json'

/** Why WebGPU cannot be tested here, or false: for a test's `skip`. Sets what the Vulkan loader reads in this process. */
export async function webgpuMissing(): Promise<string | false> {
  let fault = await webgpuFault()
  if (fault?.includes('driver is installed') && existsSync(SOFTWARE_DRIVER)) {
    process.env.VK_ICD_FILENAMES = SOFTWARE_DRIVER
    fault = await webgpuFault()
  }
  if (fault === undefined) {
    await keepShaders()
    return false
  }
  return `there is no WebGPU here (${fault}); on Debian: apt-get install --no-install-recommends chromium libvulkan1`
}

async function webgpuFault(): Promise<string | undefined> {
  const report = (await probeDevices()).find(({ device }) => device === 'webgpu')
  if (report === undefined) return 'this build of the runtime does not have it'
  return report.usable ? undefined : report.detail
}

const kept: GraphSession[] = []

/** The runtime forgets the shaders it compiled, which is most of a small graph's time, with its last session: this one stays. */
async function keepShaders(): Promise<void> {
  const graph = new Graph()
  graph.output('y', neg(graph.input('x', 'float32', [1])))
  kept.push(await GraphSession.open(graph, { device: 'webgpu' }))
}
