"""Requests and answers of vault.json: operation and body."""

from . import actors as a


def _entries(cases: list[tuple[str, str, dict]]) -> list[dict]:
    return [{"name": name, "operation": operation, "body": a.text(body)} for name, operation, body in cases]


def requests(encrypted: dict) -> list[dict]:
    return _entries(
        [
            ("unlock", "unlock", {"mnemonic": "legal winner thank"}),
            ("unlock with passphrase", "unlock", {"mnemonic": "legal", "passphrase": 'q"\\\n\u0001/é𝄞'}),
            ("unlock with empty passphrase", "unlock", {"mnemonic": "legal", "passphrase": ""}),
            ("lock", "lock", {}),
            ("status", "status", {}),
            ("derive_ed25519", "derive_ed25519", {"path": "m/74'/0'/0'/1'"}),
            ("derive_encryption_key", "derive_encryption_key", {"path": "m/74'/0'/0'/1'"}),
            ("derive_ethereum_key", "derive_ethereum_key", {"path": "m/44'/60'/0'/0/1"}),
            ("derive_ethereum_key, first", "derive_ethereum_key", {}),
            ("derive_nostr_key", "derive_nostr_key", {"n": 2**31 - 1}),
            (
                "derive_password",
                "derive_password",
                {"site": "example.com", "length": 8, "counter": 3, "classes": ["lower", "digit"]},
            ),
            ("encrypt", "encrypt", {"name": "github", "plaintext": "Z2hw", "key_version": 2}),
            ("encrypt, first version", "encrypt", {"name": "schlüssel", "plaintext": ""}),
            ("decrypt", "decrypt", {"name": "github", "encrypted": encrypted}),
            ("rotate", "rotate", {"name": "github", "encrypted": encrypted, "key_version": 2**31}),
            ("ssh_public_key", "ssh_public_key", {}),
            ("ssh_public_key with comment", "ssh_public_key", {"comment": "laptop @ home"}),
        ]
    )


def invalid_requests(encrypted: dict) -> list[dict]:
    made = _entries(
        [
            ("no mnemonic", "unlock", {"passphrase": "x"}),
            ("mnemonic is a number", "unlock", {"mnemonic": 1}),
            ("passphrase is null", "unlock", {"mnemonic": "legal", "passphrase": None}),
            ("mnemonic of 1025 bytes", "unlock", {"mnemonic": "x" * 1025}),
            ("passphrase of 1025 bytes", "unlock", {"mnemonic": "x", "passphrase": "x" * 1025}),
            ("unknown field", "unlock", {"mnemonic": "legal", "x": 1}),
            ("secret in an object", "unlock", {"mnemonic": {"mnemonic": "legal"}}),
            ("field on lock", "lock", {"x": 1}),
            ("field on status", "status", {"path": "m"}),
            ("no path", "derive_ed25519", {}),
            ("path of 257 bytes", "derive_ed25519", {"path": "m" * 257}),
            ("path is null", "derive_ethereum_key", {"path": None}),
            ("n below 0", "derive_nostr_key", {"n": -1}),
            ("n of 2^31", "derive_nostr_key", {"n": 2**31}),
            ("n is text", "derive_nostr_key", {"n": "1"}),
            ("no site", "derive_password", {"length": 20}),
            ("empty site", "derive_password", {"site": ""}),
            ("site with |", "derive_password", {"site": "a|b"}),
            ("site beyond ASCII", "derive_password", {"site": "köln.example"}),
            ("site after a space", "derive_password", {"site": " example.com"}),
            ("site of 254 bytes", "derive_password", {"site": "x" * 254}),
            ("length 7", "derive_password", {"site": "example.com", "length": 7}),
            ("length 129", "derive_password", {"site": "example.com", "length": 129}),
            ("counter 0", "derive_password", {"site": "example.com", "counter": 0}),
            ("counter 2^31", "derive_password", {"site": "example.com", "counter": 2**31}),
            ("no classes", "derive_password", {"site": "example.com", "classes": []}),
            ("unknown class", "derive_password", {"site": "example.com", "classes": ["emoji"]}),
            ("class twice", "derive_password", {"site": "example.com", "classes": ["lower", "lower"]}),
            ("no name", "encrypt", {"plaintext": ""}),
            ("empty name", "encrypt", {"name": "", "plaintext": ""}),
            ("name of 256 bytes", "encrypt", {"name": "x" * 256, "plaintext": ""}),
            ("name with a line feed", "encrypt", {"name": "a\nb", "plaintext": ""}),
            ("plaintext is no base64", "encrypt", {"name": "a", "plaintext": "*"}),
            ("plaintext without padding", "encrypt", {"name": "a", "plaintext": "QQ"}),
            ("plaintext with bits left over", "encrypt", {"name": "a", "plaintext": "QR=="}),
            ("plaintext of 65537 bytes", "encrypt", {"name": "a", "plaintext": "A" * 87380 + "AAA="}),
            ("key_version 0", "encrypt", {"name": "a", "plaintext": "", "key_version": 0}),
            ("key_version above 2^31", "encrypt", {"name": "a", "plaintext": "", "key_version": 2**31 + 1}),
            ("no encrypted", "decrypt", {"name": "a"}),
            ("encrypted is text", "decrypt", {"name": "a", "encrypted": "x"}),
            ("short salt", "decrypt", {"name": "a", "encrypted": encrypted | {"salt": "AAAA"}}),
            ("short iv", "decrypt", {"name": "a", "encrypted": encrypted | {"iv": "AAAA"}}),
            ("data shorter than a tag", "decrypt", {"name": "a", "encrypted": encrypted | {"data": "AAAA"}}),
            ("unknown field in encrypted", "decrypt", {"name": "a", "encrypted": encrypted | {"x": 1}}),
            ("no key_version", "rotate", {"name": "a", "encrypted": encrypted}),
            ("comment with a line feed", "ssh_public_key", {"comment": "a\nb"}),
            ("comment of 256 bytes", "ssh_public_key", {"comment": "x" * 256}),
        ]
    )
    raw = [
        ("empty", "lock", ""),
        ("no object", "lock", "[]"),
        ("not JSON", "status", "{"),
        ("something after it", "lock", "{}{}"),
        ("open string", "unlock", '{"mnemonic":"legal'),
        ("mnemonic twice", "unlock", '{"mnemonic":"a","mnemonic":"b"}'),
        ("name written with an escape", "unlock", '{"mnemon\\u0069c":"legal"}'),
        ("name twice, once with an escape", "unlock", '{"mnemonic":"a","mnemon\\u0069c":"b"}'),
        ("unknown escape", "unlock", '{"mnemonic":"\\x"}'),
        ("half a surrogate pair", "unlock", '{"mnemonic":"\\ud834"}'),
        ("control character", "unlock", '{"mnemonic":"a\tb"}'),
        ("secret without colon", "unlock", '{"mnemonic","legal"}'),
    ]
    return made + [{"name": name, "operation": operation, "body": body} for name, operation, body in raw]


def answers(encrypted: dict) -> list[dict]:
    address = a.address(a.WALLET)
    public = a.WALLET.public
    return _entries(
        [
            ("unlock", "unlock", {"address": address, "handle": "A" * 43}),
            ("lock", "lock", {}),
            ("status, locked", "status", {"address": None, "locked": True, "locks_at": None}),
            ("status, unlocked", "status", {"address": address, "locked": False, "locks_at": a.NOW}),
            ("status, never locks", "status", {"address": address, "locked": False, "locks_at": None}),
            ("derive_ed25519", "derive_ed25519", {"path": "m/74'/0'/0'/1'", "public_key": public}),
            ("derive_encryption_key", "derive_encryption_key", {"path": "m/0'", "public_key": a.WALLET.x25519}),
            (
                "derive_ethereum_key",
                "derive_ethereum_key",
                {"address": "0x" + "0" * 40, "path": "m/44'/60'/0'/0/0", "public_key": "04" + public * 2},
            ),
            ("derive_nostr_key", "derive_nostr_key", {"n": 0, "npub": "npub1x", "public_key": public}),
            ("derive_password", "derive_password", {"password": "p?s@.w0rD"}),
            ("encrypt", "encrypt", {"encrypted": encrypted}),
            ("decrypt", "decrypt", {"plaintext": "Z2hw"}),
            ("rotate", "rotate", {"encrypted": encrypted}),
            ("ssh_public_key", "ssh_public_key", {"public_key": "ssh-ed25519 AAAA laptop"}),
        ]
    )
