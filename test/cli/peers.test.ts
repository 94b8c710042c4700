/** `oppu peers`, `oppu doctor --network` and the network's configuration, with nodes as a person runs them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { PeerStatus } from '../../node/swarm/network-status.ts'
import { json, oppu, start, temporaryFolder } from './oppu.ts'

interface Peers {
  readonly running: boolean
  readonly peers: readonly PeerStatus[]
}

async function home(t: TestContext, config: object): Promise<string> {
  const path = join(await temporaryFolder(t), 'node')
  assert.equal((await oppu(path, ['init'])).status, 0)
  await writeFile(join(path, 'config.json'), JSON.stringify(config))
  return path
}

/** A node that provides, and what it said when it began; stopped with `stop`, or when the test ends. */
async function running(t: TestContext, home: string, ...args: readonly string[]) {
  const { child, outcome } = start(home, ['node', 'start', '--json', ...args])
  t.after(() => child.kill('SIGKILL'))
  const [text] = (await once(child.stdout!, 'data')) as [string]
  const stop = async () => {
    child.kill('SIGTERM')
    await outcome
  }
  return { ...(JSON.parse(text) as { peer: string; addresses: [string] }), stop }
}

test('two nodes that found each other show it, while they run and after', async t => {
  const a = await home(t, { lan: 'off', dht: 'server' })
  const first = await running(t, a, '--relay')
  const b = await home(t, { lan: 'off', dht: 'client', bootstrap: first.addresses })
  const second = await running(t, b)
  let seen: Peers | undefined
  for (let tries = 0; tries < 40 && seen?.peers[0]?.connected !== 'direct'; tries++) {
    await setTimeout(250)
    seen = await json<Peers>(b, 'peers')
  }
  assert.equal(seen?.running, true)
  assert.deepEqual(
    seen.peers.map(({ peer, connected }) => [peer, connected]),
    [[first.peer, 'direct']],
  )
  const other = await json<Peers>(a, 'peers')
  assert.deepEqual(
    other.peers.map(({ peer, connected, source }) => [peer, connected, source]),
    [[second.peer, 'direct', 'came']],
  )
  const doctor = await json<{ running: boolean; reach: string }>(b, 'doctor', '--network')
  assert.deepEqual([doctor.running, doctor.reach], [true, 'this machine'])
  assert.match((await oppu(a, ['peers'])).stdout, new RegExp(`${second.peer}  came by itself  directly`))

  await second.stop()
  const left = await json<Peers>(b, 'peers')
  assert.equal(left.running, false)
  assert.deepEqual(
    left.peers.map(({ peer, source, connected }) => [peer, source, connected]),
    [[first.peer, 'kept', 'no']],
  )
  await first.stop()
})

test('doctor --network says how a node that does not run would stand, and never needs the passphrase', async t => {
  const machine = await home(t, {})
  const { status, stdout } = await start(machine, ['doctor', '--network'], '').outcome
  assert.equal(status, 0)
  assert.match(stdout, /does not run.*\n.*127\.0\.0\.1.*\n.*this machine only/)
  const silent = await json<{ reach: string }>(await home(t, { listen: [] }), 'doctor', '--network')
  assert.equal(silent.reach, 'nowhere')
  // Nobody is there: it must say so in seconds and not hang.
  const id = '12D3KooWHynrBh5mXa4HdSSfHNqifbZNgjs8rpVqi7nLftc6X4bV'
  const started = Date.now()
  const alone = await home(t, {
    bootstrap: [`/ip4/127.0.0.1/tcp/1/p2p/${id}`],
    relays: [`/ip4/127.0.0.1/tcp/1/p2p/${id}`],
  })
  const report = await json<{ reach: string }>(alone, 'doctor', '--network')
  assert.equal(report.reach, 'this machine')
  assert.ok(Date.now() - started < 30_000)
})

test('a configuration that is not understood is refused by name', async t => {
  const cases = [
    [{ bootstraps: [] }, 'UNKNOWN_CONFIGURATION', 'bootstraps'],
    [{ dht: 'yes' }, 'INVALID_ARGUMENT', 'dht'],
    [{ bootstrap: ['/ip4/1.2.3.4/tcp/1'] }, 'INVALID_ARGUMENT', '/p2p/'],
    [{ listen: ['localhost:80'] }, 'INVALID_ARGUMENT', 'localhost:80'],
  ] as const
  for (const [config, code, name] of cases) {
    const { status, stderr } = await oppu(await home(t, config), ['node', 'start'])
    assert.equal(status, 64, name)
    assert.ok(stderr.includes(code) && stderr.includes(name), stderr)
  }
})
