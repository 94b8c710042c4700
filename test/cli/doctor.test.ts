/** `oppu doctor`: what it says of a GPU, or of what there is instead of one. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { start, temporaryFolder } from './oppu.ts'

interface Report {
  readonly devices: readonly { readonly device: string; readonly usable: boolean; readonly detail: string }[]
  readonly auto: { readonly device: string }
  readonly advice: readonly string[]
}

async function doctor(t: TestContext, env: NodeJS.ProcessEnv): Promise<Report> {
  const home = join(await temporaryFolder(t), 'node')
  const { status, stdout, stderr } = await start(home, ['doctor', '--json'], '', env).outcome
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as Report
}

test('a device is usable, or there is advice on it; auto takes one that is usable', async t => {
  const { devices, auto, advice } = await doctor(t, {})
  assert.ok(devices.some(({ device, usable }) => device === auto.device && usable))
  for (const [device, name] of [
    ['webgpu', 'WebGPU'],
    ['cuda', 'CUDA'],
  ]) {
    const report = devices.find(each => each.device === device)
    assert.equal(
      advice.some(text => text.startsWith(`${name}:`)),
      report?.usable === false,
      JSON.stringify(report),
    )
  }
})

test('a driver that offers no GPU is told from one that is not there', {
  skip: process.platform === 'linux' ? false : 'Vulkan drivers are Linux’s',
}, async t => {
  const driver = join(await temporaryFolder(t), 'driver.json')
  await writeFile(
    driver,
    '{"file_format_version": "1.0.0", "ICD": {"library_path": "none.so", "api_version": "1.0.0"}}',
  )
  const { devices, advice } = await doctor(t, { VK_ICD_FILENAMES: driver })
  const { usable, detail } = devices.find(({ device }) => device === 'webgpu')!
  assert.equal(usable, false)
  const hint = advice.find(text => text.startsWith('WebGPU:'))!
  if (detail.includes('libvulkan')) assert.match(hint, /libvulkan1/)
  else assert.match(hint, /offers no GPU/)
})
