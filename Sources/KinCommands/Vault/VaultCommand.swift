import ArgumentParser

struct VaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vault",
        abstract: "Passwords, credentials and keys that follow from the recovery phrase.",
        discussion: """
            Each command asks for the phrase (or for the passphrase of the sealed vault), unless the daemon's vault is unlocked:
              eval "$(kin vault unlock)"      then nothing is asked until it locks by itself, or with  kin vault lock

            EXAMPLES
              kin vault password example.org
              kin vault encrypt api-token --in token.txt --out token.sealed
              kin vault ssh-key --public
            """,
        subcommands: [
            VaultUnlockCommand.self, VaultLockCommand.self, VaultStatusCommand.self, VaultDeriveCommand.self,
            VaultPasswordCommand.self, VaultEncryptCommand.self, VaultDecryptCommand.self, VaultRotateCommand.self,
            VaultSSHKeyCommand.self, VaultEthereumCommand.self, VaultNostrCommand.self,
        ])
}
