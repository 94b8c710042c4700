/**
 * The peers that were heard of, kept on disk between runs: `<home>/peers`, a LevelDB folder of its own that libp2p
 * writes (addresses, protocols, provider records of others). It is a cache: one that is damaged is begun anew.
 */
import { mkdir, rm } from 'node:fs/promises'
import { LevelDatastore } from 'datastore-level'
import { OppuError } from '../../protocol/errors.ts'
import { errorCode } from '../store/atomic-file.ts'

export class KeptPeers implements AsyncDisposable {
  /** For libp2p. */
  readonly datastore: LevelDatastore

  private constructor(datastore: LevelDatastore) {
    this.datastore = datastore
  }

  /** The caller closes it. @throws OppuError IN_USE. */
  static async open(folder: string): Promise<KeptPeers> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    try {
      return new KeptPeers(await openDatastore(folder))
    } catch (cause) {
      const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
      if (errorCode(reason) === 'LEVEL_LOCKED')
        throw new OppuError('IN_USE', `${folder} is open in another process`, { cause })
      await rm(folder, { recursive: true, force: true })
      return new KeptPeers(await openDatastore(folder))
    }
  }

  /** Takes back what an earlier run said that it provides: this one says it anew. */
  async forgetOwnRecords(self: string): Promise<void> {
    for await (const { key } of this.datastore.query({ prefix: '/dht/provider' }))
      if (key.toString().endsWith(`/${self}`)) await this.datastore.delete(key)
  }

  async close(): Promise<void> {
    await this.datastore.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

async function openDatastore(folder: string): Promise<LevelDatastore> {
  const datastore = new LevelDatastore(folder)
  await datastore.db.open({ createIfMissing: true, compression: false }) // its own open() hides why it failed
  return datastore
}
