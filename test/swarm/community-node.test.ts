/** What a whole node keeps of its community on disk, and what it does when that is damaged, gone, or of another one. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readNodeConfig } from '../../node/config.ts'
import { PersonalNode } from '../../node/node.ts'
import type { Peering } from '../../node/peering.ts'
import { askForNews } from '../../node/swarm/member-news.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import { PROTOCOLS } from '../../protocol/limits.ts'
import { HOUR, openCommunity } from './community.ts'
import { LOOPBACK, openCoordinator, openPeer } from './fixtures.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)

async function newNode(t: TestContext): Promise<{ home: string; peering: Peering; seed: Uint8Array }> {
  const home = await mkdtemp(join(tmpdir(), 'oppu-node-'))
  await PersonalNode.init({ home, passphrase: 'x' })
  const node = await PersonalNode.open({ home, passphrase: async () => 'x' })
  t.after(async () => {
    await node.close()
    await rm(home, { recursive: true, force: true })
  })
  return { home, peering: await node.peering(), seed: (await node.unlock()).peerSeed() }
}

async function communityFiles(home: string): Promise<string[]> {
  const names = await readdir(join(home, 'community')).catch(() => [])
  return names.filter(name => name.endsWith('.members') || name.endsWith('.key')).sort()
}

test('the list is kept in the clear and the network key sealed; a list with one bit wrong is asked for again', async t => {
  const networkKey = new Uint8Array(32).map((_, index) => index + 1)
  await using host = await openCommunity({ networkKey })
  const { home, peering } = await newNode(t)
  assert.equal((await peering.join(await host.invite())).members, 1)
  const names = await communityFiles(home)
  assert.equal(names.length, 2)
  for (const name of names) {
    const path = join(home, 'community', name)
    assert.ok(
      !(await readFile(path)).includes(Buffer.from(networkKey)),
      `${name} does not hold the key as it is`,
    )
    assert.equal((await stat(path)).mode & 0o777, 0o600)
  }
  const path = join(home, 'community', names.find(name => name.endsWith('.members'))!)
  const right = await readFile(path)
  for (const at of [3, 40, right.length - 3]) {
    const notes: string[] = []
    await writeFile(path, right.with(at, right[at]! ^ 4))
    await using _providing = await peering.start({ listen: LOOPBACK, onNote: note => notes.push(note) })
    assert.ok(
      notes.some(note => note.includes('does not hold')),
      `byte ${at}: ${notes}`,
    )
    assert.deepEqual(await readFile(path), right, 'the coordinator gave it again')
  }
})

test('without a list and without the coordinator nobody is let in, and the node says why', async t => {
  await using host = await openCommunity()
  const [alice, bob] = [await newNode(t), await newNode(t)]
  await alice.peering.join(await host.invite())
  await bob.peering.join(await host.invite())
  await alice.peering.releases() // she hears of bob
  await host.stop()
  await using member = await openPeer({ seed: bob.seed, listen: [] })
  const knock = async (addresses: readonly string[]) => {
    const duplex = await member.dial([addresses[0]!], PROTOCOLS.members, { category: 'membership' })
    return askForNews(duplex, 0, AbortSignal.timeout(5000))
  }
  const notes: string[] = []
  const options = { listen: LOOPBACK, onNote: (note: string) => void notes.push(note) }
  {
    await using providing = await alice.peering.start(options)
    assert.ok((await knock(providing.addresses)).serial > 0, 'members go on without the coordinator')
  }
  for (const name of await communityFiles(alice.home)) await rm(join(alice.home, 'community', name))
  await using providing = await alice.peering.start(options)
  await assert.rejects(knock(providing.addresses), code('CONNECTION_FAILED'))
  assert.ok(
    notes.some(note => note.includes('no list of members')),
    String(notes),
  )
})

test('a refused join leaves everything as it was, also in a node that is a member elsewhere', async t => {
  let time = Date.now()
  await using home = await openCommunity()
  await using away = await openCommunity({ now: () => time })
  const node = await newNode(t)
  await node.peering.join(await home.invite())
  const [before, files] = [await readNodeConfig(node.home), await communityFiles(node.home)]
  const brief = await away.invite(1, HOUR)
  time += 2 * HOUR
  await assert.rejects(node.peering.join(brief), code('INVITATION_EXPIRED'))
  await assert.rejects(node.peering.join(away.address), code('NOT_A_MEMBER'))
  await assert.rejects(node.peering.join(brief.slice(0, -1)), code('INVALID_DATA'))
  await assert.rejects(node.peering.join('oppu-invite-'), code('INVALID_ARGUMENT'))
  const unanswered = await home.invite()
  await home.stop()
  await assert.rejects(node.peering.join(unanswered), code('CONNECTION_FAILED'))
  assert.deepEqual(await readNodeConfig(node.home), before)
  assert.deepEqual(await communityFiles(node.home), files)
  // And to another one, which is open, it goes when it wants.
  await using open = await openCoordinator()
  assert.equal((await node.peering.join(open.address)).members, undefined)
  assert.equal((await readNodeConfig(node.home)).community, 'open')
})
