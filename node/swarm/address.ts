/** Multiaddresses as text, and the peer ids at their ends. */
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { OppuError } from '../../protocol/errors.ts'
import { idFromBytes, type UserId } from '../../protocol/ids.ts'

/** @throws OppuError INVALID_ARGUMENT. */
export function parseAddress(address: string): Multiaddr {
  try {
    return multiaddr(address)
  } catch (cause) {
    throw new OppuError('INVALID_ARGUMENT', `not an address: ${JSON.stringify(address.slice(0, 100))}`, {
      cause,
    })
  }
}

/** The peer id at the end of an address. @throws OppuError INVALID_ARGUMENT where there is none. */
export function peerIdOf(address: string): string {
  const last = parseAddress(address).getComponents().at(-1)
  if (last?.name !== 'p2p' || last.value === undefined) {
    throw new OppuError('INVALID_ARGUMENT', `the address lacks /p2p/<id> at its end: ${address}`)
  }
  try {
    return peerIdFromString(last.value).toString()
  } catch (cause) {
    throw new OppuError('INVALID_ARGUMENT', `the address ends in no peer id: ${address}`, { cause }) // parsing let it pass
  }
}

/** The Ed25519 public key behind an address's peer id: what a coordinator signs with. @throws OppuError INVALID_ARGUMENT. */
export function userIdOfAddress(address: string): UserId {
  const id = peerIdFromString(peerIdOf(address))
  if (id.type !== 'Ed25519') throw new OppuError('INVALID_ARGUMENT', `not an Ed25519 peer: ${address}`)
  return idFromBytes<UserId>(id.publicKey.raw)
}

/** As text, each with the peer's id at its end; without those of which no text can be made that means the same. */
export function addressesOf(addresses: readonly Multiaddr[], peer: string): string[] {
  return addresses
    .map(address => address.toString())
    .map(text => (text.endsWith(`/p2p/${peer}`) ? text : `${text}/p2p/${peer}`))
    .filter(text => isAddressOf(text, peer))
}

/** Whether it is an address that ends in that peer's id. */
export function isAddressOf(address: string, peer: string): boolean {
  try {
    return peerIdOf(address) === peer
  } catch {
    return false
  }
}
