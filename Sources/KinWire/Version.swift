/// The version of this build, in `kin --version`, records and answers.
public enum KinVersion {
    public static let current = "0.1.0"
}
