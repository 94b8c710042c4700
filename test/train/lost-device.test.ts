/**
 * A GPU lost in the middle of training, for real: a Vulkan driver that hands on to the software one until it is told to
 * answer that the device is lost. In a file of its own, since the loss is the process's.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chooseDevice } from '../../node/graph/session.ts'
import type { Example } from '../../node/model/batch.ts'
import { type TrainedAdapter, type TrainOptions, type TrainStep, train } from '../../node/train/trainer.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { tinyBase } from '../model/bases.ts'

const SOFTWARE_DRIVER = '/usr/lib/chromium/libvk_swiftshader.so'

const folder = await mkdtemp(join(tmpdir(), 'oppu-lost-'))
after(() => rm(folder, { recursive: true, force: true }))

/** Why no device can be lost here, or false. */
async function obstacle(): Promise<string | false> {
  if (!existsSync(SOFTWARE_DRIVER))
    return 'there is no software WebGPU here (on Debian: apt-get install --no-install-recommends chromium libvulkan1)'
  const compiler = process.env.CC ?? 'cc'
  if (spawnSync(compiler, ['--version']).status !== 0)
    return 'there is no C compiler to build the driver with'
  const source = fileURLToPath(new URL('lost-device.c', import.meta.url))
  const library = join(folder, 'lost-device.so')
  execFileSync(compiler, ['-shared', '-fPIC', '-o', library, source, '-ldl'])
  const driver = join(folder, 'driver.json')
  const description = { file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.0.5' } }
  await writeFile(driver, JSON.stringify(description))
  Object.assign(process.env, {
    VK_ICD_FILENAMES: driver,
    REAL_DRIVER: SOFTWARE_DRIVER,
    LOST: join(folder, 'lost'),
  })
  return await chooseDevice('webgpu').then(
    () => false,
    error => `there is no WebGPU here (${error.message})`,
  )
}

const EXAMPLES: readonly Example[] = [
  { id: 'a', prompt: [1, 5, 9, 11], completion: [7, 8, 2] },
  { id: 'b', prompt: [1, 5, 9, 22, 23], completion: [30, 2] },
]

async function finish(options: TrainOptions): Promise<TrainedAdapter> {
  const training = train(options)
  for (;;) {
    const next = await training.next()
    if (next.done === true) return next.value
  }
}

test('a lost device stops the run, what it had reached can go on, and a device that comes back can be had again', {
  skip: await obstacle(),
}, async () => {
  const base = await tinyBase({ num_hidden_layers: 1 })
  const options: TrainOptions = {
    base,
    method: 'lora',
    examples: EXAMPLES,
    config: { steps: 4, learningRate: 0.02 },
    now: () => 0,
  }
  const losses = ({ curve }: TrainedAdapter) => curve.map(({ loss }) => loss)
  const close = (found: readonly number[], expected: readonly number[]) =>
    assert.ok(
      found.length === expected.length && found.every((loss, i) => Math.abs(loss / expected[i]! - 1) < 1e-4),
      `${found} and ${expected}`,
    )
  const expected = losses(await finish({ ...options, device: 'cpu' }))

  const training = train({ ...options, device: 'webgpu' })
  await training.next()
  const second = (await training.next()).value as TrainStep
  await writeFile(process.env.LOST!, '')
  await assert.rejects(training.next(), error => {
    assert.ok(isOppuError(error, 'DEVICE_LOST'), String(error))
    assert.match(error.message, /lost/)
    return true
  })
  assert.equal((await training.next()).done, true)
  await assert.rejects(chooseDevice('webgpu'), error => isOppuError(error, 'DEVICE_UNAVAILABLE'))
  assert.equal((await chooseDevice('auto')).device, 'cpu')

  const resume = second.state()
  assert.equal(resume.step, 2)
  close(losses(await finish({ ...options, resume, device: 'cpu' })), expected)

  await rm(process.env.LOST!)
  assert.equal((await chooseDevice('webgpu')).device, 'webgpu')
  await base.remove()
})
