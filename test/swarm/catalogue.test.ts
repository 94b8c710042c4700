/**
 * A member and its coordinator through time: tags that move and never back, keys that change, copies that stand in, and
 * nobody there at all. Real coordinators on loopback; what is kept is on disk.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Coordinator } from '../../coordinator/coordinator.ts'
import { Catalogue, demandLicence, type LicenceOffer } from '../../node/store/catalogue.ts'
import { CoordinatorClient } from '../../node/swarm/coordinator-client.ts'
import { fetchManifest } from '../../node/swarm/introduction.ts'
import { Provider } from '../../node/swarm/provider.ts'
import { findPublished } from '../../node/swarm/published.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import type { UserId } from '../../protocol/ids.ts'
import { encodeKeyChange } from '../../protocol/key-change.ts'
import { baseId, encodeManifest, signBytes, signLicence } from '../../protocol/manifest.ts'
import { Outline } from '../../protocol/outline.ts'
import { manifest, manifestV2, task } from '../protocol/samples.ts'
import { LOOPBACK, MemoryChunks, openPeer } from './fixtures.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)
const now = () => task.createdAt
const [one, two] = [baseId(manifest), baseId(manifestV2)]

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oppu-catalogue-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A member that remembers: every call is a new run of its program, at these addresses. */
async function member(t: TestContext, pinned: UserId) {
  const home = await folder(t)
  return async (addresses: readonly string[], notes: string[] = []) => {
    const peer = await openPeer() // no connection of an earlier run is there to be used again
    t.after(() => peer.close())
    return new CoordinatorClient({
      peer,
      address: addresses[0]!,
      standIns: addresses.slice(1),
      coordinator: pinned,
      catalogue: new Catalogue(home, pinned),
      onNote: text => notes.push(text),
      now,
    })
  }
}

/** A coordinator with two versions of a base, as a folder that can be opened again and copied. */
async function published(t: TestContext): Promise<{ home: string; id: UserId }> {
  const home = join(await folder(t), 'home')
  await using coordinator = await Coordinator.open({ home, listen: [], now })
  await coordinator.publishManifest(manifest, { licenceText: 'Be kind.' })
  await coordinator.publishManifest(manifestV2)
  await coordinator.setRelease('small', 'stable', one)
  await coordinator.setRelease('small', 'v1', one)
  await coordinator.publishTask(task)
  return { home, id: coordinator.id }
}

const open = (home: string) => Coordinator.open({ home, listen: LOOPBACK, now })

test('what was asked once is known when nobody answers, and said to be old', async t => {
  const { home, id } = await published(t)
  const client = await member(t, id)
  await using coordinator = await open(home)
  const addresses = coordinator.addresses()
  const before = await client(addresses)
  await before.announce([one])
  const answers = async (asked: CoordinatorClient) => ({
    bases: await asked.bases(),
    manifests: await asked.manifests(),
    releases: await asked.releases(),
    tasks: await asked.tasks(),
    providers: await asked.providers(one),
  })
  const known = await answers(before)
  assert.equal(known.providers.length > 0, true)
  assert.equal(known.manifests.find(item => item.id === one)?.licenceText, 'Be kind.')
  assert.deepEqual(await before.providers(two), [])
  await coordinator.close()

  const notes: string[] = []
  assert.deepEqual(await answers(await client(addresses, notes)), known)
  assert.match(notes.join('\n'), /^the coordinator cannot be reached: going by what it said .* ago$/)
  await assert.rejects(
    (await client(addresses)).providers(two),
    code('CONNECTION_FAILED'),
    'there was nothing to be kept',
  )
  await assert.rejects((await client(addresses)).announce([one]), code('CONNECTION_FAILED'))
})

test('what is kept is checked as what comes: a changed file brings an error, never a base', async t => {
  const { home, id } = await published(t)
  const [catalogueHome, peer] = [await folder(t), await openPeer({ listen: [] })]
  t.after(() => peer.close())
  await using coordinator = await open(home)
  const [address] = coordinator.addresses()
  const catalogue = new Catalogue(catalogueHome, id)
  const client = () => new CoordinatorClient({ peer, address: address!, coordinator: id, catalogue, now })
  await client().manifests()
  await coordinator.close()
  const file = join(catalogueHome, 'community', id, `manifest-${one}`)
  const bytes = await readFile(file)
  bytes[20] = bytes[20]! ^ 1
  await writeFile(file, bytes)
  await assert.rejects(client().manifest(one), (error: unknown) => isOppuError(error))
})

test('peers pass on what the coordinator signed, its licence and its change of keys, and only that counts', async t => {
  const { home, id } = await published(t)
  const [client, fresh, strange] = [await member(t, id), await member(t, id), await member(t, id)]
  const coordinator = await open(home)
  const addresses = coordinator.addresses()
  const old = await client(addresses)
  await old.manifest(one)
  const before = await old.kept(one)
  const key = await coordinator.changeKey()
  const knowing = await client(addresses)
  await knowing.manifest(one)
  assert.equal(await knowing.kept(two), undefined, 'this was never asked')
  await coordinator.close()

  const [provider, asking] = [await openPeer(), await openPeer({ listen: [] })]
  t.after(() => Promise.all([provider.close(), asking.close()]))
  const base = new MemoryChunks({ outline: Outline.ofVersion1(manifest), files: [] }, false)
  await Provider.open(provider, [base], { published: of => knowing.kept(of) })
  const found = await fetchManifest({ peer: asking, providers: provider.addresses(), id: one })
  const newcomer = await fresh(addresses)
  const known = await newcomer.passedOn(one, found)
  assert.deepEqual([known?.licenceText, known?.signed.signer, newcomer.key], ['Be kind.', key, key])
  assert.equal((await (await fresh(addresses)).manifest(one)).licenceText, 'Be kind.', 'it is kept')

  // Without the change of keys, by a key that counts no more, under another licence, from another coordinator, of another base.
  const { published: signed, licence } = found
  const other = new Uint8Array(32).fill(9)
  const foreign = signBytes('manifest', encodeManifest(manifest), other)
  const forged = { ...signed!, signature: licence!.signature }
  assert.equal(await (await strange(addresses)).passedOn(one, { ...found, keys: [] }), undefined)
  assert.equal(await newcomer.passedOn(one, before!), undefined)
  for (const wrong of [
    { ...found, licence: signLicence(one, 'Do as you like.', other) },
    { ...found, published: foreign, keys: [] },
    { ...found, published: foreign },
    { ...found, published: forged },
  ])
    assert.equal(await newcomer.passedOn(one, wrong), undefined)
  assert.equal(await newcomer.passedOn(two, found), undefined)
  const stripped = { published: signed!, keys: found.keys }
  assert.equal((await newcomer.passedOn(one, stripped))?.licenceText, 'Be kind.', 'it cannot be taken away')
  const trusting = await strange(addresses)
  assert.equal((await trusting.passedOn(one, stripped))?.licenceText, undefined)
  assert.equal(await trusting.kept(one), undefined, 'nor is it kept, or passed on, without')
  assert.equal(await newcomer.passedOn(one, { keys: [] }), undefined, 'nothing was signed')
})

test('nobody can cut a member off by putting a key before the pinned one', async t => {
  const { home, id } = await published(t)
  const client = await member(t, id)
  await using coordinator = await open(home)
  const addresses = coordinator.addresses()
  const change = { version: 1, next: id, serial: 1, createdAt: 1000 } as const
  const keys = [signBytes('key-change', encodeKeyChange(change), new Uint8Array(32).fill(9))]
  const signed = signBytes('manifest', encodeManifest(manifest), new Uint8Array(32).fill(9))
  assert.equal(await (await client(addresses)).passedOn(one, { published: signed, keys }), undefined)
  assert.equal((await (await client(addresses)).manifest(one)).id, one)
  const key = await coordinator.changeKey()
  const later = await client(addresses)
  assert.deepEqual([(await later.manifest(one)).signed.signer, later.key], [key, key])
})

test('a copy of the folder stands in for a coordinator that is gone', async t => {
  const { home, id } = await published(t)
  const copy = join(await folder(t), 'copy')
  await cp(home, copy, { recursive: true })
  const client = await member(t, id)
  await using first = await open(home)
  await using second = await open(copy)
  const addresses = [first.addresses()[0]!, second.addresses()[0]!]
  const moving = await client(addresses)
  assert.equal((await moving.bases()).length, 2)
  assert.ok(first.traffic.sent > 0)
  assert.equal(second.traffic.sent, 0)
  await first.close()
  // The same program, and one that starts now: members move over, announce there, and hear what is new there.
  await second.setRelease('small', 'stable', two)
  await moving.announce([two])
  assert.ok((await (await client(addresses)).providers(two)).length > 0)
  assert.equal((await findPublished(await client(addresses), 'small')).id, two)
  assert.ok(second.traffic.sent > 0)
})

test('a tag that was seen to move is never led back by an older copy', async t => {
  const { home, id } = await published(t)
  const old = join(await folder(t), 'old')
  await cp(home, old, { recursive: true })
  const client = await member(t, id)
  await using coordinator = await open(home)
  await coordinator.setRelease('small', 'stable', two)
  assert.equal((await findPublished(await client(coordinator.addresses()), 'small:stable')).id, two)
  await coordinator.close()
  await using older = await open(old)
  assert.equal((await findPublished(await client(older.addresses()), 'small')).id, two)
  const fresh = await member(t, id)
  assert.equal(
    (await findPublished(await fresh(older.addresses()), 'small')).id,
    one,
    'who never saw it cannot know',
  )
  // Also not when a later change of keys had the older release signed anew.
  await older.changeKey()
  assert.equal((await findPublished(await client(older.addresses()), 'small')).id, two)
})

test('a member follows changes of keys, keeps the chain, and takes nothing from earlier keys any more', async t => {
  const { home, id } = await published(t)
  const old = join(await folder(t), 'old')
  await cp(home, old, { recursive: true })
  const client = await member(t, id)
  await using coordinator = await open(home)
  const addresses = coordinator.addresses()
  assert.equal((await (await client(addresses)).bases()).length, 2)
  await coordinator.changeKey()
  const current = await coordinator.changeKey()
  const notes: string[] = []
  const after = await client(addresses, notes)
  assert.equal((await after.manifest(one)).signed.signer, current)
  assert.equal(after.key, current)
  assert.match(notes.join('\n'), /has changed its key/)
  for (const { signed } of await after.manifests()) assert.equal(signed.signer, current)

  // An older copy, which signs with the key before, is passed over, alone or first of several.
  await using older = await open(old)
  const [stale] = older.addresses()
  assert.equal((await (await client([stale!, ...addresses])).manifest(two)).signed.signer, current)
  const kept: string[] = []
  assert.equal((await (await client([stale!], kept)).manifest(two)).signed.signer, current)
  assert.match(kept.join('\n'), /cannot be reached/)
  await assert.rejects((await client([stale!])).announce([one]), code('UNAVAILABLE'))

  // One with another history than is known is no copy at all.
  await older.changeKey()
  await older.changeKey()
  await assert.rejects((await client([stale!])).manifest(two), code('BAD_SIGNATURE'))
})

test('a base is found by release, name or id, and what is meant must be clear', async t => {
  const { home, id } = await published(t)
  await using coordinator = await open(home)
  const client = await (await member(t, id))(coordinator.addresses())
  const find = async (wanted?: string) => (await findPublished(client, wanted)).id
  assert.equal(await find(), one)
  assert.equal(await find('small'), one)
  assert.equal(await find('small:v1'), one)
  assert.equal(await find(two.slice(0, 10)), two)
  await assert.rejects(find('A small base'), code('AMBIGUOUS'))
  await assert.rejects(find('small:v9'), /there is no small:v9; small has/)
  await assert.rejects(find('large:v1'), code('NOT_FOUND'))
  await assert.rejects(find('small:Not a tag'), code('INVALID_ARGUMENT'))
  await coordinator.setRelease('tiny', 'stable', two)
  await assert.rejects(find(), code('AMBIGUOUS'))
})

test('a licence is asked about once for each text, and only a yes is remembered', async t => {
  const home = await folder(t)
  const offer: LicenceOffer = { base: one, name: 'A small base', licence: 'Apache-2.0', text: 'Be kind.' }
  const asked: string[] = []
  const answer = (yes: boolean) => async (seen: LicenceOffer) => {
    asked.push(seen.text)
    return yes
  }
  await assert.rejects(demandLicence(home, offer, undefined), code('LICENCE_NOT_ACCEPTED'))
  await assert.rejects(demandLicence(home, offer, answer(false)), code('LICENCE_NOT_ACCEPTED'))
  await assert.rejects(readFile(join(home, 'community', 'accepted.json')), /ENOENT/)
  await demandLicence(home, offer, answer(true))
  await demandLicence(home, offer, undefined)
  await assert.rejects(
    demandLicence(home, { ...offer, text: 'Pay me.' }, answer(false)),
    code('LICENCE_NOT_ACCEPTED'),
  )
  assert.deepEqual(asked, ['Be kind.', 'Be kind.', 'Pay me.'])
  await writeFile(join(home, 'community', 'accepted.json'), '[')
  await assert.rejects(demandLicence(home, offer, undefined), code('INVALID_DATA'))
})
