//! The development image: its shell on the console and by telnet, and with them what the production image shows nobody: what
//! its infrared receiver does with a remote's pulses, and how it joins a Wi-Fi network.
use super::Rig;
use super::play::FOCUS;
use crate::qemu::free_port;
use crate::qemu::machine::{BOOT, Machine, STEP, Setup};
use crate::qemu::pixels::{Picture, WHOLE};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// The kernel's two radios that hear each other, each module after what it needs.
const RADIOS: &[&str] = &["rfkill", "libarc4", "cfg80211", "mac80211", "mac80211_hwsim"];
/// Joined by the first radio, as the viewer's would be; the second one is the access point, with a DHCP server behind it.
const NETWORK: &str = "hearth-test";
const PASSPHRASE: &str = "correct horse";

pub(super) fn shell_and_wifi(rig: &mut Rig) -> Result<String> {
    let disk = rig.disc_of(&rig.development)?;
    let port = free_port()?;
    let mut box_ = Machine::start(&Setup { telnet: Some(port), ..rig.setup(&rig.development, &disk) })?;
    box_.serial.beacon("home", BOOT)?;
    let picture = box_.settled(STEP)?;
    rig.keep(&picture, "development")?;
    ask(&mut box_, "echo", "told $((6 * 7))", "told 42")?;
    by_telnet(port).context("telnet")?;
    box_.serial.type_line("alias busybox=/usr/bin/busybox; cat() { busybox cat \"$@\"; }; uname() { busybox uname \"$@\"; }")?;
    infrared(rig, &mut box_, &picture).context("infrared")?;

    let modules: String = RADIOS.iter().map(|name| format!("busybox insmod /lib/modules/$(uname -r)/{name}.ko; ")).collect();
    box_.serial.type_line("export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/hearth/bus")?;
    box_.serial.type_line(&format!(
        "busybox mkdir -p /data/iwd; printf '[Security]\\nPassphrase={PASSPHRASE}\\n' > /data/iwd/{NETWORK}.psk"
    ))?;
    box_.serial.type_line(&modules)?;
    box_.serial.wait("iwd", STEP, |line| line.contains("wifi started").then_some(()))?;
    let access_point = format!(
        "until iwctl device wlan1 set-property Mode ap; do busybox sleep 1; done; until iwctl ap wlan1 start {NETWORK} '{PASSPHRASE}'; do busybox sleep 1; done"
    );
    box_.serial.type_line(&access_point)?;
    let leases = "start 192.168.77.10\\nend 192.168.77.20\\ninterface wlan1\\nlease_file /run/leases\\nopt subnet 255.255.255.0\\nopt router 192.168.77.1\\n";
    box_.serial.type_line(&format!(
        "printf '{leases}' > /run/udhcpd.conf; : > /run/leases; busybox ip addr add 192.168.77.1/24 dev wlan1"
    ))?;
    // Both ends are this very kernel, which takes a datagram from an address of its own for a forgery.
    box_.serial.type_line("for name in all default; do echo 1 > /proc/sys/net/ipv4/conf/$name/accept_local; echo 0 > /proc/sys/net/ipv4/conf/$name/rp_filter; done")?;
    box_.serial.type_line("busybox udhcpd -f /run/udhcpd.conf &")?;
    let lease = box_.serial.wait("an address by Wi-Fi", STEP, |line| {
        let (_, lease) = line.split_once("lease wlan0 ")?;
        lease.starts_with("192.168.77.").then(|| lease.trim().to_owned())
    });
    let lease = match lease {
        Ok(lease) => lease,
        Err(error) => {
            // What the box has to say of it, for the console's log.
            ask(
                &mut box_,
                "busybox grep -a -h -E 'wifi|bus' /run/hearth/log; busybox dmesg | busybox tail -n 40; echo",
                "said $((6 * 7))",
                "said 42",
            )?;
            return Err(error);
        }
    };
    // The cable stays the way out.
    ask(&mut box_, "busybox ip route", "", "default via 192.168.77.1")?;
    Ok(format!("shell by console and telnet; a key by infrared; joined \"{NETWORK}\" and got {lease}"))
}

/// A key of the board's remote (`rc-khadas`: NEC, address 0), sent by the kernel's loop of a sender and a receiver: the focus moves.
fn infrared(rig: &Rig, box_: &mut Machine, home: &Picture) -> Result<()> {
    // The keymap's protocol, and no other.
    ask(box_, "cat", "/sys/class/rc/rc0/protocols", " [nec] ")?;
    // Pulses and pauses in µs, 32 bits each, little-endian: NEC's leader, bits with the lowest first, and a last pulse.
    let word = |us: u32| us.to_le_bytes().map(|byte| format!("\\{byte:03o}")).concat();
    box_.serial.type_line(&format!("z='{0}{0}'; o='{0}{1}'", word(560), word(1690)))?;
    let down = 0x02_u8;
    let bits = u32::from_le_bytes([0, 0xff, down, !down]);
    let bits: String = (0..32).map(|n| if bits >> n & 1 == 0 { "$z" } else { "$o" }).collect();
    box_.serial.type_line(&format!("printf \"{}{}{bits}{}\" > /run/down", word(9000), word(4500), word(560)))?;
    box_.serial.type_line("busybox dd if=/run/down of=/dev/lirc0 bs=512")?;
    box_.watch("the focus to move", STEP, |p| (p.changed(home, WHOLE) > FOCUS).then_some(()))?;
    let picture = box_.settled(STEP)?;
    rig.keep(&picture, "infrared")
}

/// Types a command and waits for what it says.
fn ask(box_: &mut Machine, command: &str, argument: &str, expected: &str) -> Result<String> {
    box_.serial.type_line(&format!("{command} {argument}"))?;
    box_.serial.wait(command, STEP, |line| line.contains(expected).then(|| line.to_owned()))
}

fn by_telnet(port: u16) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(STEP))?;
    stream.write_all(b"echo heard $((6 * 7))\n")?;
    let mut lines = BufReader::new(stream).split(b'\n');
    while let Some(line) = lines.next().transpose()? {
        if String::from_utf8_lossy(&line).contains("heard 42") {
            return Ok(());
        }
    }
    bail!("the connection was closed")
}
