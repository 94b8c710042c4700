/** A private community from the command line, with processes of its own: invite, join, provide, pull, expel. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readNodeConfig } from '../../node/config.ts'
import { failedWith, homeOf, json, oppu, type Running, start, temporaryFolder } from './oppu.ts'

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

interface Started {
  readonly addresses: readonly string[]
  readonly peer: string
}

/** What a long-running command prints first. */
async function printed(running: Running): Promise<Started> {
  let text = ''
  running.child.stdout?.on('data', piece => {
    text += piece
  })
  while (!text.includes('\n')) {
    if (running.child.exitCode !== null) throw new Error((await running.outcome).stderr)
    await Promise.race([once(running.child.stdout!, 'data'), running.outcome])
  }
  return JSON.parse(text.split('\n')[0]!) as Started
}

async function stop(running: Running): Promise<void> {
  running.child.kill('SIGTERM')
  await running.outcome
}

/** A private coordinator that has run once, so that its invitations know where it is reached. */
async function privateCoordinator(t: TestContext, ...options: readonly string[]) {
  const home = join(await temporaryFolder(t), 'coordinator')
  await json(home, 'coordinator', 'init', '--private', ...options)
  const listen = { address: LOOPBACK }
  const run = async () => {
    const running = start(home, ['coordinator', 'start', '--listen', listen.address, '--json'])
    t.after(() => stop(running))
    const { addresses } = await printed(running)
    listen.address = addresses[0]!.replace(/\/p2p\/.*/, '')
    return { running, address: addresses[0]! }
  }
  const first = await run()
  await stop(first.running)
  return { home, run, address: first.address }
}

/** Which coordinator a node has joined, and whether only members may connect. */
async function joinedBy(home: string): Promise<readonly unknown[]> {
  const { coordinator, community } = await readNodeConfig(home)
  return [coordinator, community]
}

test('invited nodes join, pull from each other and are expelled; others get nothing and nothing is left behind', async t => {
  const { home, run, address } = await privateCoordinator(t, '--network-key')
  const invited = await json<{ invitation: string; id: string }>(
    ...[home, 'coordinator', 'invite', '--uses', '2'],
  )
  const provider = await homeOf(t, async () => {})
  const puller = join(await temporaryFolder(t), 'puller')
  assert.equal((await oppu(puller, ['init'])).status, 0)
  const base = (await readdir(join(provider, 'bases'))).find(name => /^[0-9a-f]{64}$/.test(name))
  await json(home, 'coordinator', 'publish', join(provider, 'bases', base!, 'manifest'))
  const coordinator = await run()

  const joined = await json<{ members: number }>(provider, 'node', 'join', invited.invitation)
  assert.equal(joined.members, 1)
  // As a mail program wraps it: several words, with line breaks.
  const [first, ...lines] = invited.invitation.match(/.{1,60}/g)!
  // Cut so that, where there is a dash, a line begins with it, as an option does.
  const wrapped = [first!, ...lines.join('').split(/(?=-)/)].map(line => `${line}\r\n`)
  assert.equal((await json<{ members: number }>(puller, 'node', 'join', ...wrapped)).members, 2)
  assert.ok(!(await readFile(join(puller, 'config.json'), 'utf8')).includes('oppu-invite'))

  const providing = start(provider, ['node', 'start', '--json'])
  t.after(() => stop(providing))
  const { peer } = await printed(providing)
  const pulled = await json<{ bytes: number }>(puller, 'base', 'pull', base!)
  assert.ok(pulled.bytes > 0)

  const third = join(await temporaryFolder(t), 'third')
  assert.equal((await oppu(third, ['init'])).status, 0)
  const used = await oppu(third, ['node', 'join', invited.invitation])
  failedWith(used, 'REFUSED')
  assert.match(used.stderr, /used as often as it allows/)
  failedWith(await oppu(third, ['node', 'join', invited.invitation.slice(0, -9)]), 'INVALID_DATA')
  failedWith(await oppu(third, ['node', 'join', address]), 'CONNECTION_FAILED')
  assert.deepEqual(await joinedBy(third), ['', 'open'])
  await assert.rejects(readdir(join(third, 'community')), 'nothing is left behind')

  const members = await json<{ peer: string }[]>(home, 'coordinator', 'members')
  assert.ok(members.some(member => member.peer === peer))
  assert.equal(members.length, 2)
  await json(home, 'coordinator', 'expel', peer)
  await stop(providing)
  failedWith(await oppu(provider, ['node', 'start']), 'NOT_A_MEMBER')
  const expelled = await oppu(provider, ['node', 'join', invited.invitation])
  failedWith(expelled, 'NOT_A_MEMBER')
  assert.match(expelled.stderr, /expelled/)
  await stop(coordinator.running)
})

test('a revoked invitation, and a private coordinator’s address: each says what it is', async t => {
  const { home, run, address } = await privateCoordinator(t)
  const revoked = await json<{ invitation: string; id: string }>(home, 'coordinator', 'invite')
  await json(home, 'coordinator', 'invite', '--days', '0.5')
  assert.equal(
    (await json<{ state: string }>(home, 'coordinator', 'revoke', revoked.id.slice(0, 8))).state,
    'revoked',
  )
  failedWith(await oppu(home, ['coordinator', 'expel', '12D3KooWNobody']), 'NOT_FOUND')
  failedWith(await oppu(home, ['coordinator', 'admit', 'nobody']), 'INVALID_ARGUMENT')
  const listed = await json<{ state: string }[]>(home, 'coordinator', 'invitations')
  assert.deepEqual(listed.map(({ state }) => state).sort(), ['open', 'revoked'])
  const { running } = await run()
  const node = join(await temporaryFolder(t), 'node')
  assert.equal((await oppu(node, ['init'])).status, 0)
  failedWith(await oppu(node, ['node', 'join', address]), 'NOT_A_MEMBER')
  const outcome = await oppu(node, ['node', 'join', revoked.invitation])
  failedWith(outcome, 'INVITATION_EXPIRED')
  assert.match(outcome.stderr, /revoked/)
  assert.deepEqual(await joinedBy(node), ['', 'open'])
  await stop(running)
})

test('an open coordinator signs no invitations, and its address is enough', async t => {
  const home = join(await temporaryFolder(t), 'coordinator')
  assert.equal((await json<{ private: boolean }>(home, 'coordinator', 'init')).private, false)
  failedWith(await oppu(home, ['coordinator', 'invite', '--address', '/ip4/127.0.0.1/tcp/1']), 'REFUSED')
  const running = start(home, ['coordinator', 'start', '--listen', LOOPBACK, '--json'])
  t.after(() => stop(running))
  const { addresses } = await printed(running)
  const node = join(await temporaryFolder(t), 'node')
  assert.equal((await oppu(node, ['init'])).status, 0)
  await json(node, 'node', 'join', addresses[0]!)
  assert.deepEqual(await joinedBy(node), [addresses[0], 'open'])
})
