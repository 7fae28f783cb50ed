//! System tests over a private Tor network, and the network's launcher.
