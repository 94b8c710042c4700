/** Which published base a person means: by a release (`smollm2`, `smollm2:v2`), a base's own name, or digits of its id. */
import { OppuError, only } from '../../protocol/errors.ts'
import { DEFAULT_TAG, parseReleaseName, type Release, releaseKey } from '../../protocol/release.ts'
import type { CoordinatorClient, VerifiedManifest } from './coordinator-client.ts'

export interface Published extends VerifiedManifest {
  /** By which it was named. */
  readonly release?: Release
}

/**
 * The manifest of the base that `wanted` names. Without a name: what `stable` stands for, if that is one base, or the one
 * base that is published.
 * @throws OppuError NOT_FOUND, AMBIGUOUS, INVALID_ARGUMENT (no such tag could be), and those of CoordinatorClient.
 */
export async function findPublished(
  client: CoordinatorClient,
  wanted: string | undefined,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Published> {
  const releases = await client.releases(options)
  const release = wanted === undefined ? onlyStable(releases) : named(releases, wanted)
  if (release !== undefined) return { ...(await client.manifest(release.baseId, options)), release }
  const found = (await client.manifests(options)).filter(
    ({ id, manifest }) =>
      wanted === undefined || id.startsWith(wanted.toLowerCase()) || manifest.name === wanted,
  )
  const { id } = only(found, wanted === undefined ? 'published base' : `published base ${wanted}`)
  return client.manifest(id, options)
}

function onlyStable(releases: readonly Release[]): Release | undefined {
  const stable = releases.filter(({ tag }) => tag === DEFAULT_TAG)
  if (new Set(stable.map(({ baseId }) => baseId)).size > 1)
    throw new OppuError('AMBIGUOUS', `there are several: ${stable.map(({ name }) => name).join(', ')}`)
  return stable[0]
}

function named(releases: readonly Release[], wanted: string): Release | undefined {
  const parsed = parseReleaseName(wanted)
  if (parsed === undefined) return undefined
  const release = releases.find(other => releaseKey(other) === releaseKey(parsed))
  if (release !== undefined) return release
  const tags = releases.filter(({ name }) => name === parsed.name).map(({ tag }) => tag)
  if (tags.length > 0)
    throw new OppuError(
      'NOT_FOUND',
      `there is no ${releaseKey(parsed)}; ${parsed.name} has ${tags.join(', ')}`,
    )
  if (wanted.includes(':')) throw new OppuError('NOT_FOUND', `there is no release ${wanted}`)
  return undefined
}
