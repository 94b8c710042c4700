/**
 * Nothing of a person leaves in the clear: a whole demo run, with a recording proxy before each service, and then every
 * byte that passed and every file left on disk is searched for planted history text, the passphrases and the adapters.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runDemo } from '../../cli/demo/run.ts'
import { Terminal } from '../../cli/terminal.ts'
import { PersonalNode } from '../../node/node.ts'
import { temporaryFolder } from './oppu.ts'
import { freePort, RecordingProxy } from './recording-proxy.ts'

const PASSPHRASES: Readonly<Record<string, string>> = {
  alice: 'alice keeps marmalade behind the clock',
  bob: 'bob never tells about the lighthouse',
  seed: 'seeds are sown in the early spring',
}

/** Bytes of a secret that are looked for: short enough to be found in a fragment, long enough not to occur by chance. */
const NEEDLE = 12

/** A secret's raw bytes, and how they would look in base64 (at each alignment), hex and UTF-16. */
function disguises(secret: Buffer): Buffer[] {
  const base64 = [0, 1, 2].map(shift =>
    Buffer.from(secret.subarray(shift, secret.length - ((secret.length - shift) % 3))),
  )
  return [
    secret,
    Buffer.from(secret.toString('hex')),
    ...base64.map(part => Buffer.from(part.toString('base64'))),
    Buffer.from(secret.toString('latin1'), 'utf16le'),
  ]
}

function find(haystack: Buffer, secrets: ReadonlyMap<string, Buffer>): string[] {
  return [...secrets]
    .filter(([, secret]) => disguises(secret).some(needle => haystack.includes(needle)))
    .map(([name]) => name)
}

function historyOf(name: string, count: number): string {
  const items = Array.from({ length: count }, (_, index) => ({
    time: new Date(Date.UTC(2024, 0, 1 + index)).toISOString(),
    prompt: `Planted question ${index} of ${name}: where is the ${name} treasure?`,
    completion: `Planted answer ${index} of ${name}: under stone ${index * 7} by the river.`,
  }))
  return items.map(item => JSON.stringify(item)).join('\n')
}

test('a demo run shows no history, passphrase or adapter to the network or the disk', async t => {
  const folder = await temporaryFolder(t)
  const inputs = await temporaryFolder(t)
  for (const name of ['alice', 'bob']) await writeFile(join(inputs, `${name}.jsonl`), historyOf(name, 40))
  const ports = { coordinator: await freePort(), seed: await freePort() }
  await using coordinator = await RecordingProxy.open(ports.coordinator)
  await using seed = await RecordingProxy.open(ports.seed)
  const endpoint = (listen: number, announce: number): { listen: string; announce: string } => ({
    listen: `/ip4/127.0.0.1/tcp/${listen}`,
    announce: `/ip4/127.0.0.1/tcp/${announce}`,
  })

  const { users } = await runDemo({
    base: 'embedded',
    folder,
    terminal: new Terminal(),
    signal: AbortSignal.timeout(180_000),
    training: ['--steps', '4', '--rank', '16'],
    people: [
      { name: 'alice', history: join(inputs, 'alice.jsonl') },
      { name: 'bob', history: join(inputs, 'bob.jsonl') },
    ],
    passphrase: name => PASSPHRASES[name]!,
    endpoints: {
      coordinator: endpoint(ports.coordinator, coordinator.port),
      seed: endpoint(ports.seed, seed.port),
    },
  })
  assert.deepEqual(
    users.map(({ name, trained, tested }) => ({ name, trained, tested })),
    ['alice', 'bob'].map(name => ({ name, trained: 29, tested: 8 })),
  )

  const secrets = new Map<string, Buffer>()
  for (const [name, passphrase] of Object.entries(PASSPHRASES))
    secrets.set(`${name}'s passphrase`, Buffer.from(passphrase))
  for (const name of ['alice', 'bob']) {
    secrets.set(`${name}'s question`, Buffer.from(`where is the ${name} treasure`))
    secrets.set(`${name}'s answer`, Buffer.from('by the river.'))
    await using node = await PersonalNode.open({
      home: join(folder, name),
      passphrase: async () => PASSPHRASES[name]!,
    })
    const adapters = await node.adapters()
    for (const { id, origin } of await adapters.list()) {
      const weights = (await adapters.get(id)).files.get('adapter_model.safetensors')!
      for (const share of [0.4, 0.6, 0.8]) {
        const at = Math.floor(weights.length * share)
        secrets.set(`${name}'s ${origin} adapter at ${share}`, Buffer.from(weights.subarray(at, at + NEEDLE)))
      }
    }
  }
  // The search itself can find: each secret is found in a text that holds it.
  for (const [name, secret] of secrets) {
    assert.ok(
      secret.some(byte => byte !== 0),
      `${name} is no needle: all zeros`,
    )
    assert.ok(find(Buffer.concat([Buffer.from('xyz'), secret]), secrets).includes(name), name)
  }

  for (const proxy of [coordinator, seed]) {
    for (const direction of ['to', 'from'] as const) {
      const bytes = proxy.bytes(direction)
      assert.ok(bytes.length > 1000, 'the connections went through the proxies')
      assert.deepEqual(find(bytes, secrets), [])
    }
  }
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name)
    if ((await stat(path)).isFile()) assert.deepEqual(find(await readFile(path), secrets), [], path)
  }
  // What went to the coordinator is far smaller than one adapter, and the base did not come from there.
  const smallestAdapter = Math.min(...users.map(user => user.adapterBytes))
  assert.ok(
    coordinator.bytes('to').length < smallestAdapter,
    `${coordinator.bytes('to').length} bytes to the coordinator`,
  )
  for (const user of users) assert.deepEqual(Object.keys(user.received), ['seed'])
})
