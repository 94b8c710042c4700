/** A base pulled by its id from a peer's address, with no coordinator anywhere; and what is refused. Real processes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { failedWith, json, oppu, start, temporaryFolder } from './oppu.ts'

interface Pulled {
  readonly id: string
  readonly bytes: number
  readonly received: Readonly<Record<string, number>>
}

test('64 digits and an address are enough; an unknown id and a bad address are said', async t => {
  const folder = await temporaryFolder(t)
  const [seed, member] = [join(folder, 'seed'), join(folder, 'member')]
  await json(seed, 'init')
  await json(member, 'init')
  const imported = await json<{ id: string; bytes: number }>(seed, 'base', 'import', 'embedded')
  const seeding = start(seed, [
    ...['node', 'start', '--listen', '/ip4/127.0.0.1/tcp/0', '--upload-limit', '50', '--json'],
  ])
  t.after(() => seeding.child.kill('SIGKILL'))
  const [line] = (await once(seeding.child.stdout!, 'data')) as [string]
  const { peer, addresses } = JSON.parse(line) as { peer: string; addresses: string[] }
  const from = ['--peer', addresses[0]!]

  failedWith(await oppu(member, ['base', 'pull', 'f'.repeat(64), ...from]), 'NO_PROVIDER')
  failedWith(
    await oppu(member, ['base', 'pull', imported.id, '--peer', 'localhost:4001']),
    'INVALID_ARGUMENT',
  )
  failedWith(
    await oppu(member, ['base', 'pull', imported.id, ...from, '--download-limit', 'x']),
    'INVALID_ARGUMENT',
  )
  assert.deepEqual(await readdir(join(member, 'bases')).catch(() => []), [], 'nothing is left behind')

  const pulled = await json<Pulled>(member, 'base', 'pull', imported.id, ...from, '--download-limit', '50')
  assert.deepEqual([pulled.id, pulled.bytes], [imported.id, imported.bytes])
  assert.deepEqual(pulled.received, { [peer]: imported.bytes })
})
