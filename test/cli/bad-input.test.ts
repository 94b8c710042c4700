/**
 * What a person meets who asks the swarm for what cannot be: each time an error with its code, what to do about it, and
 * nothing left behind. Processes of their own, with a coordinator that is open and one that is private.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { ErrorCode } from '../../protocol/errors.ts'
import { type InvitationId, idFromBytes } from '../../protocol/ids.ts'
import { type Invitation, invitationToText, signInvitation } from '../../protocol/invitation.ts'
import { failedWith, homeOf, json, oppu, start, temporaryFolder } from './oppu.ts'

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'
const HOUR = 3_600_000

/** Starts what runs until the test ends, and returns where it is reached. */
async function running(t: TestContext, home: string, ...args: readonly string[]): Promise<string> {
  const { child } = start(home, [...args, '--listen', LOOPBACK, '--json'])
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout!, 'data')) as [string]
  return (JSON.parse(line) as { addresses: [string] }).addresses[0]
}

/**
 * Everything in a home but what the databases call their files, the log of what was sent, and what a coordinator said of
 * who provides what, which is kept for when it is gone; the configuration as text.
 */
async function listing(home: string): Promise<unknown> {
  const paths = await readdir(home, { recursive: true })
  const own = paths.filter(path => !/^(db|peers|audit\.jsonl)(\/|$)|\/providers-/.test(path)).sort()
  return [own, await readFile(join(home, 'config.json'), 'utf8').catch(() => '')]
}

async function refused(home: string, code: ErrorCode, ...args: readonly string[]): Promise<void> {
  const before = await listing(home)
  const outcome = await oppu(home, args)
  try {
    failedWith(outcome, code)
  } catch (error) {
    throw new Error(`oppu ${args.join(' ')}: ${JSON.stringify(outcome)}`, { cause: error })
  }
  assert.deepEqual(await listing(home), before, `oppu ${args.join(' ')} left something behind`)
}

test('what cannot be pulled: unknown bases, an unaccepted licence, a disk too small', async t => {
  const folder = await temporaryFolder(t)
  const [coordinator, home, small] = ['coordinator', 'node', 'small'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const seed = await homeOf(t, async () => {})
  const id = (await readdir(join(seed, 'bases'))).find(name => /^[0-9a-f]{64}$/.test(name))!
  const licence = join(folder, 'licence.txt')
  await writeFile(licence, 'Only on Sundays.\n')
  const manifest = join(seed, 'bases', id, 'manifest')
  await json(coordinator, 'coordinator', 'publish', manifest, '--licence', licence)
  const address = await running(t, coordinator, 'coordinator', 'start')
  await json(home, 'init')

  await refused(home, 'INVALID_ARGUMENT', 'node', 'join', 'nowhere')
  await refused(home, 'INVALID_ARGUMENT', 'node', 'join', '--hme', address)
  await refused(home, 'INVALID_ARGUMENT', 'node', 'join', address.replace(/\/p2p\/.*/, ''))
  await refused(home, 'INVALID_ARGUMENT', 'node', 'join', `${address.slice(0, -1)}?`)
  await json(home, 'node', 'join', address)
  await refused(home, 'NOT_FOUND', 'base', 'pull', 'no-such-name')
  await refused(home, 'LICENCE_NOT_ACCEPTED', 'base', 'pull', id)

  try {
    await mkdir(small)
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small])
  } catch (error) {
    t.diagnostic(`no small disk can be made here: ${(error as Error).message.trim()}`)
    return
  }
  await using mounted = new AsyncDisposableStack()
  mounted.defer(async () => void (await promisify(execFile)('umount', [small])))
  await json(seed, 'node', 'join', address)
  await running(t, seed, 'node', 'start')
  await json(small, 'init')
  await json(small, 'node', 'join', address)
  failedWith(await oppu(small, ['base', 'pull', id, '--accept-licence']), 'DISK_FULL')
  assert.deepEqual(await readdir(join(small, 'bases')).catch(() => []), [], 'no byte of the base was written')
})

test('what nobody has, published or unheard of: said in time, and nothing is left behind', async t => {
  const folder = await temporaryFolder(t)
  const coordinator = join(folder, 'coordinator')
  const seed = await homeOf(t, async () => {})
  const id = (await readdir(join(seed, 'bases'))).find(name => /^[0-9a-f]{64}$/.test(name))!
  await json(coordinator, 'coordinator', 'publish', join(seed, 'bases', id, 'manifest'))
  const address = await running(t, coordinator, 'coordinator', 'start')
  await Promise.all(
    [id, '0'.repeat(64)].map(async (wanted, index) => {
      const home = join(folder, `node-${index}`)
      await json(home, 'init')
      await json(home, 'node', 'join', address)
      await refused(home, 'NO_PROVIDER', 'base', 'pull', wanted)
    }),
  )
})

test('invitations that are damaged, expired, or of another coordinator', async t => {
  const folder = await temporaryFolder(t)
  const [coordinator, home] = [join(folder, 'coordinator'), join(folder, 'node')]
  await json(coordinator, 'coordinator', 'init', '--private')
  const address = await running(t, coordinator, 'coordinator', 'start')
  await json(home, 'init')
  const key = new Uint8Array(await readFile(join(coordinator, 'coordinator.key')))
  const invitation = (expiresAt: number): Invitation => ({
    version: 1,
    id: idFromBytes<InvitationId>(new Uint8Array(randomBytes(32))),
    uses: 1,
    expiresAt,
    addresses: [address],
  })
  const good = invitationToText(signInvitation(invitation(Date.now() + HOUR), key))
  const expired = invitationToText(signInvitation(invitation(Date.now() - HOUR), key))
  const foreign = invitationToText(
    signInvitation(invitation(Date.now() + HOUR), new Uint8Array(randomBytes(32))),
  )
  await refused(home, 'INVALID_DATA', 'node', 'join', good.slice(0, -20))
  await refused(home, 'INVALID_DATA', 'node', 'join', `${good.slice(0, 60)}A${good.slice(61)}`)
  await refused(home, 'PROTOCOL_VIOLATION', 'node', 'join', good.replace('invite-1', 'invite-2'))
  await refused(home, 'INVITATION_EXPIRED', 'node', 'join', expired)
  await refused(home, 'BAD_SIGNATURE', 'node', 'join', foreign)
  await refused(home, 'NOT_A_MEMBER', 'node', 'join', address)
  await json(home, 'node', 'join', good)
})
