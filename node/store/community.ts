/**
 * What a node keeps of a private community, in `<home>/community/`: the list of members as its coordinator signed it,
 * with the changes of keys that lead to that signature, and the network key, sealed. Files are named after the
 * coordinator's peer id, so that to join another community is to change the configuration, and never leaves a list of
 * one with the key of another.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeMessage } from '../../protocol/canonical.ts'
import { MEMBERS_LIMITS } from '../../protocol/limits.ts'
import { type Signed, signedFromMessage, signedToMessage } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { errorCode, writeFileAtomic } from './atomic-file.ts'
import type { Vault } from './vault.ts'

export interface KeptList {
  readonly signed: Signed
  /** The coordinator's changes of keys up to the one that signed. */
  readonly keys: readonly Signed[]
}

export class CommunityFolder {
  readonly #folder: string
  readonly #coordinator: string

  /** `coordinator` is its peer id. */
  constructor(home: string, coordinator: string) {
    this.#folder = join(home, 'community')
    this.#coordinator = coordinator
  }

  /** The list that was kept, its signature unchecked; undefined where there is none. @throws OppuError INVALID_DATA. */
  async list(): Promise<KeptList | undefined> {
    const bytes = await this.#read('members')
    if (bytes === undefined) return undefined
    const { members, keys } = decodeMessage(oppu.MemberList, bytes, MEMBERS_LIMITS.reply, 'a list of members')
    return { signed: signedFromMessage(members), keys: keys.map(signedFromMessage) }
  }

  async keepList({ signed, keys }: KeptList): Promise<void> {
    const list = { members: signedToMessage(signed), keys: keys.map(signedToMessage) }
    await writeFileAtomic(this.#path('members'), oppu.MemberList.encode(list).finish())
  }

  /** @throws OppuError INVALID_DATA when it is damaged or another vault's. */
  async networkKey(vault: Vault): Promise<Uint8Array | undefined> {
    const sealed = await this.#read('key')
    return sealed === undefined ? undefined : vault.unseal(this.#label, sealed)
  }

  /** Keeps the network key, or, for undefined, that there is none. */
  async keepNetworkKey(vault: Vault, key: Uint8Array | undefined): Promise<void> {
    if (key === undefined) await rm(this.#path('key'), { force: true })
    else await writeFileAtomic(this.#path('key'), vault.seal(this.#label, key))
  }

  get #label(): string {
    return `network-key/${this.#coordinator}`
  }

  #path(kind: 'members' | 'key'): string {
    return join(this.#folder, `${this.#coordinator}.${kind}`)
  }

  async #read(kind: 'members' | 'key'): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(this.#path(kind)))
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }
}
