/// Why a record in a slot is not believed (docs/protocol/registry.md). Each has its counter; nobody is told.
public enum RecordFault: String, Error, Hashable, Sendable, CaseIterable {
    /// The blob is more than 8 KiB.
    case tooLarge = "too_large"
    /// This machine joined without the phrase: it reads nobody's.
    case noKey = "no_key"
    /// It was sealed with other keys or for another slot, or was changed since.
    case doesNotOpen = "does_not_open"
    /// What is inside is no record.
    case malformed
    /// It has no chain, and anybody who ever was a member can have sealed it.
    case uncertified
    /// Dated more than 5 minutes ahead.
    case datedAhead = "dated_ahead"
    /// It says that it is another machine's.
    case anotherSlot = "another_slot"
    /// Its chain makes nobody a member.
    case chainRefused = "chain_refused"
    /// Its device, or whoever certified that, was revoked.
    case revoked
    /// Its chain is of another machine or key than it says.
    case keyMismatch = "key_mismatch"
    /// The device's key in force did not sign it.
    case badSignature = "bad_signature"
    /// That relay showed a newer one of that machine before.
    case older
    /// Another device is known in that slot, and the wallet has not put this one in its place.
    case slotTaken = "slot_taken"
}
