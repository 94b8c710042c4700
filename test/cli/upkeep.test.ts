/** `oppu base verify`, `repair`, `gc` and `pin` as a person meets them, with a peer that has the base. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { writeSafetensors } from '../../node/model/safetensors.ts'
import { writePulled } from '../../node/store/origin.ts'
import { ERROR_KINDS } from '../../protocol/errors.ts'
import { tinyWeights, writeFolder } from '../base/tiny.ts'
import { failedWith, json, oppu, start, temporaryFolder } from './oppu.ts'

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

interface Verified {
  readonly name: string
  readonly whole: boolean
  readonly damaged: readonly { readonly path: string; readonly chunks: number; readonly bytes: number }[]
}

interface Collected {
  readonly remove: readonly { readonly kind: string; readonly id?: string; readonly why: string }[]
  readonly keep: readonly { readonly id?: string; readonly why: string }[]
  readonly freed: number
}

/** A coordinator and a peer that provides the embedded base, and a node that has pulled it. */
async function community(t: TestContext) {
  const folder = await temporaryFolder(t)
  const [seed, coordinator, home] = ['seed', 'coordinator', 'node'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await json(seed, 'init')
  const { id } = await json<{ id: string }>(seed, 'base', 'import', 'embedded')
  await json(coordinator, 'coordinator', 'publish', join(seed, 'bases', id, 'manifest'))
  const coordinating = start(coordinator, ['coordinator', 'start', '--listen', LOOPBACK, '--json'])
  t.after(() => coordinating.child.kill('SIGINT'))
  const [line] = (await once(coordinating.child.stdout!, 'data')) as [string]
  const { addresses } = JSON.parse(line) as { addresses: [string] }
  await json(seed, 'node', 'join', addresses[0])
  const providing = start(seed, ['node', 'start', '--listen', LOOPBACK, '--json'])
  t.after(() => providing.child.kill('SIGINT'))
  await once(providing.child.stdout!, 'data')
  await json(home, 'init')
  await json(home, 'node', 'join', addresses[0])
  await json(home, 'base', 'pull')
  return { folder, home, id, files: join(home, 'bases', id, 'files') }
}

test('one flipped bit is found by verify and put right by repair, from a peer, chunk by chunk', async t => {
  const { home, id, files } = await community(t)
  const [whole] = await json<Verified[]>(home, 'base', 'verify')
  assert.equal(whole?.whole, true)
  const weights = join(files, 'model.safetensors')
  const right = await readFile(weights)
  const wrong = Buffer.from(right)
  wrong[right.length - 1000]! ^= 1
  await writeFile(weights, wrong)
  const found = await oppu(home, ['base', 'verify', '--json'])
  assert.equal(found.status, ERROR_KINDS.HASH_MISMATCH.exit)
  assert.match(found.stderr, /oppu base repair/)
  const [damaged] = JSON.parse(found.stdout) as [Verified]
  assert.deepEqual(
    damaged.damaged.map(({ path, chunks }) => [path, chunks]),
    [['model.safetensors', 1]],
  )
  const repaired = await json<{ shared: number; fetched: number }>(home, 'base', 'repair')
  assert.deepEqual([repaired.shared, repaired.fetched], [0, damaged.damaged[0]!.bytes])
  assert.deepEqual(await readFile(weights), right)
  assert.match((await oppu(home, ['base', 'verify', id.slice(0, 8)])).stdout, /whole/)
  assert.match((await oppu(home, ['base', 'repair'])).stdout, /was whole/)
  await rm(join(home, 'bases', id, 'outline'))
  await rm(join(files, 'tokenizer.json'))
  assert.match((await oppu(home, ['base', 'verify'])).stdout, /list of chunks is damaged/)
  assert.ok((await json<{ fetched: number }>(home, 'base', 'repair')).fetched > 0)
  assert.equal((await json<Verified[]>(home, 'base', 'verify'))[0]?.whole, true)
})

test('gc says what would go and why, deletes that alone, and leaves what is pinned or imported', async t => {
  const folder = await temporaryFolder(t)
  const home = join(folder, 'node')
  await json(home, 'init')
  assert.match((await oppu(home, ['base', 'gc'])).stdout, /nothing to delete/)
  const versions: string[] = []
  for (const version of [1, 2, 3]) {
    const weights = tinyWeights()
    weights.get('model.norm.weight')!.data.fill(version)
    const source = await writeFolder(join(folder, `model-${version}`), { weights: writeSafetensors(weights) })
    await rm(join(folder, 'model'), { recursive: true, force: true })
    await rename(source, join(folder, 'model'))
    const { id } = await json<{ id: string }>(home, 'base', 'import', `file:${join(folder, 'model')}`)
    versions.push(id)
  }
  const [one, two, three] = versions as [string, string, string]
  assert.deepEqual(await json<Collected>(home, 'base', 'gc').then(({ remove, keep }) => [remove, keep]), [
    [],
    [],
  ])
  // As if they had come from peers, one after the other.
  for (const [at, id] of versions.entries()) await writePulled(join(home, 'bases', id), { at: at + 1 })
  failedWith(await oppu(home, ['base', 'pin', 'ffff']), 'NOT_FOUND')
  await json(home, 'base', 'pin', one)
  const dry = await oppu(home, ['base', 'gc', '--dry-run'])
  assert.match(
    dry.stdout,
    new RegExp(`would delete {2}superseded base model ${two.slice(0, 12)}.*came after it`),
  )
  assert.match(dry.stdout, /would be freed/)
  assert.match(dry.stderr, new RegExp(`kept.*${one.slice(0, 12)}.*it is pinned`))
  assert.equal((await json<unknown[]>(home, 'base', 'list')).length, 3)
  const done = await json<Collected>(home, 'base', 'gc')
  assert.deepEqual(
    done.remove.map(({ kind, id }) => [kind, id]),
    [['superseded base', two]],
  )
  assert.ok(done.freed > 0)
  await assert.rejects(stat(join(home, 'bases', two)))
  await json(home, 'base', 'unpin', one)
  await json(home, 'base', 'gc')
  assert.deepEqual(
    (await json<{ id: string }[]>(home, 'base', 'list')).map(({ id }) => id),
    [three],
  )
})
