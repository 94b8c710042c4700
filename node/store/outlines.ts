/**
 * Where the outline of a base comes from on this disk: a version-1 manifest has it inside, beside a version-2 manifest
 * lies `outline`, held against the manifest's roots whenever it is read. The same for whole bases and unfinished ones.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import type { BaseManifest } from '../../protocol/manifest.ts'
import { decodeOutline, encodeOutline, Outline } from '../../protocol/outline.ts'
import { absent, writeFileAtomic } from './atomic-file.ts'

export const OUTLINE_FILE = 'outline'

/**
 * `undefined` when there is none in `folder`.
 * @throws OppuError INVALID_DATA, HASH_MISMATCH when it is not the manifest's.
 */
export async function readOutline(folder: string, manifest: BaseManifest): Promise<Outline | undefined> {
  if (manifest.version === 1) return Outline.ofVersion1(manifest)
  const bytes = await readFile(join(folder, OUTLINE_FILE)).catch(error => absent(error, undefined))
  return bytes && decodeOutline(manifest, bytes)
}

/** @throws as readOutline(), and OppuError INVALID_DATA when there is none. */
export async function demandOutline(folder: string, manifest: BaseManifest): Promise<Outline> {
  const outline = await readOutline(folder, manifest)
  if (outline === undefined)
    throw new OppuError('INVALID_DATA', `the list of chunks of ${manifest.name} is gone from ${folder}`)
  return outline
}

/** Beside a version-2 manifest; nothing to do for version 1. @throws OppuError DISK_FULL. */
export async function writeOutline(folder: string, outline: Outline): Promise<void> {
  if (outline.manifest.version === 2)
    await writeFileAtomic(join(folder, OUTLINE_FILE), encodeOutline(outline))
}
