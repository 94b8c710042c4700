/**
 * The network key of a private community: what it changes in noise, for both walls behind which libp2p stands (noise's
 * crypto is handed in). A peer without it fails at the first tag of the handshake and cannot read who answered. What is
 * sent afterwards, and how fast, stays as it was.
 *
 * Rejected: libp2p's pre-shared-key protector, which halves throughput and breaks on messages of 1 MiB; and the key as
 * noise's prologue alone: that goes into the tags and not into the keys, so that whoever skips the tag reads the
 * answerer's identity.
 */
import { MEMBERS_LIMITS } from './limits.ts'

/** What is used of noise's crypto: HKDF with SHA-256, three outputs of 32 bytes. */
interface KeyDerivation {
  getHKDF(chainingKey: Uint8Array, input: Uint8Array): [Uint8Array, Uint8Array, Uint8Array]
}

/** Settings of noise in a community with that network key, or in one without. */
export function noiseSettings<Crypto extends KeyDerivation>(
  crypto: Crypto,
  networkKey: Uint8Array | undefined,
): { readonly prologueBytes?: Uint8Array; readonly crypto: Crypto } {
  if (networkKey === undefined) return { crypto }
  if (networkKey.length !== MEMBERS_LIMITS.networkKey)
    throw new TypeError(`a network key has ${MEMBERS_LIMITS.networkKey} bytes, not ${networkKey.length}`)
  const getHKDF: KeyDerivation['getHKDF'] = (chainingKey, input) =>
    crypto.getHKDF(crypto.getHKDF(chainingKey, networkKey)[0], input)
  return { prologueBytes: networkKey, crypto: { ...crypto, getHKDF } }
}
