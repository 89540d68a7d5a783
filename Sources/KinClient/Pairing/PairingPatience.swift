/// How long who pairs waits for whom.
public struct PairingPatience: Hashable, Sendable {
    /// Whoever entered a code, for whoever showed it: the room is empty where the code is used up, over, or another one.
    public var company = Duration.seconds(10)
    /// For what a machine says without asking anybody.
    public var answer = Duration.seconds(20)
    /// For everything, people included: as long as a room lives.
    public var whole = Duration.seconds(600)
    /// After a last word, for the other side to have heard it.
    public var parting = Duration.seconds(2)

    public init() {}
}
