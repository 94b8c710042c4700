import assert from 'node:assert/strict'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PromptIo } from '../../node/store/prompt-io.ts'

test('what is written is read, also by the pool after a call that was slow; a file that ends too early says so', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-io-'))
  t.after(() => rm(folder, { recursive: true }))
  await using handle = await open(join(folder, 'file'), 'w+')
  let calls = 0
  const pooled = handle.read
  handle.read = ((...range: Parameters<typeof pooled>) => {
    calls++
    return Reflect.apply(pooled, handle, range)
  }) as typeof pooled
  let now = 0
  let step = 0
  t.mock.method(performance, 'now', () => (now += step))
  const io = new PromptIo()
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at)
  await io.write(handle, 100, bytes)
  assert.deepEqual(await io.read(handle, 100, 1000, 'it'), bytes)
  assert.equal(calls, 0)
  step = 10 // every call is slow
  await io.write(handle, 0, bytes)
  assert.deepEqual(await io.read(handle, 0, 1000, 'it'), bytes)
  assert.equal(calls, 1)
  now += 5000
  step = 0
  assert.deepEqual(await io.read(handle, 0, 1000, 'it'), bytes)
  assert.equal(calls, 1)
  await assert.rejects(io.read(handle, 600, 501, 'it'), { code: 'TRUNCATED_FILE' })
})
