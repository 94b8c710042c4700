/** Bases whose pull was cut short: what has come of them can be provided as well as a whole base. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOppuError, type OppuError } from '../../protocol/errors.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { decodeManifest } from '../../protocol/manifest.ts'
import { absent } from './atomic-file.ts'
import type { Bases } from './bases.ts'
import { ChunkFolder, MANIFEST_FILE, partialFolder } from './chunks.ts'
import { readOutline } from './outlines.ts'

/** Opens each of which a chunk is here; the caller closes them. `onFailure` is told of one that cannot be opened. */
export async function openUnfinished(
  bases: Bases,
  onFailure: (id: BaseId, error: OppuError) => void,
): Promise<ChunkFolder[]> {
  const names = await readdir(bases.folder).catch(error => absent(error, []))
  const ids = names.flatMap(name => (/^\.([0-9a-f]{64})\.partial$/.exec(name)?.[1] ?? []) as BaseId)
  const opened: ChunkFolder[] = []
  for (const id of ids) {
    try {
      const folder = await open(bases, id)
      if (folder === undefined) continue
      if (folder.resumedChunks > 0) opened.push(folder)
      else await folder.close()
    } catch (error) {
      if (!isOppuError(error)) {
        for (const folder of opened) await folder.close()
        throw error
      }
      onFailure(id, error)
    }
  }
  return opened
}

async function open(bases: Bases, id: BaseId): Promise<ChunkFolder | undefined> {
  const folder = partialFolder(bases.folder, id)
  const bytes = await readFile(join(folder, MANIFEST_FILE)).catch(error => absent(error, undefined))
  if (bytes === undefined) return undefined
  const outline = await readOutline(folder, decodeManifest(bytes))
  return outline && (await ChunkFolder.open(bases.folder, outline))
}
