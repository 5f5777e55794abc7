//! Sample encryption and decryption (ISO 23001-7 §9, §10), in place.
//!
//! | scheme | cipher | over subsamples | pattern | rest of a protected range under 16 bytes |
//! |---|---|---|---|---|
//! | `cenc` | CTR | counter and keystream go on | none | encrypted |
//! | `cens` | CTR | counter goes on, pattern restarts | yes | clear |
//! | `cbc1` | CBC | chain goes on | none | clear |
//! | `cbcs` | CBC | IV and pattern restart | yes | clear |
use aes::Aes128;
use cbc::cipher::consts::U16;
use cbc::cipher::inout::InOutBuf;
use cbc::cipher::{BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit, StreamCipher};

use crate::{ContentKey, Error, Pattern, SampleCrypto, Scheme};

/// Bytes gathered at once; holds the longest run that a pattern can ask for (255 blocks).
const BATCH: usize = 4096;

/// Decrypts one sample in place.
pub fn decrypt(key: &ContentKey, crypto: &SampleCrypto, data: &mut [u8]) -> Result<(), Error> {
    run(key, crypto, data, false)
}

/// Encrypts one sample in place; the inverse of [`decrypt`].
pub fn encrypt(key: &ContentKey, crypto: &SampleCrypto, data: &mut [u8]) -> Result<(), Error> {
    run(key, crypto, data, true)
}

fn run(key: &ContentKey, crypto: &SampleCrypto, data: &mut [u8], encrypt: bool) -> Result<(), Error> {
    check(crypto, data.len())?;
    let aes = Aes128::new(&key.0.into());
    let mut mode = Mode::new(&aes, crypto, encrypt);
    if crypto.subsamples.is_empty() {
        mode.range(data, crypto.pattern);
        return Ok(());
    }
    let mut rest = data;
    for sub in &crypto.subsamples {
        // `check` has seen that the sums fit.
        let (_, tail) = rest.split_at_mut(sub.clear as usize);
        let (protected, tail) = tail.split_at_mut(sub.protected as usize);
        rest = tail;
        if crypto.scheme == Scheme::Cbcs {
            mode = Mode::new(&aes, crypto, encrypt);
        }
        mode.range(protected, crypto.pattern);
    }
    Ok(())
}

fn check(crypto: &SampleCrypto, len: usize) -> Result<(), Error> {
    let sum: u64 = crypto.subsamples.iter().map(|s| u64::from(s.clear) + u64::from(s.protected)).sum();
    if sum > len as u64 {
        return Err(Error::Invalid("subsamples", "are longer than the sample"));
    }
    match crypto.pattern {
        Some(p) if p.crypt == 0 => Err(Error::Invalid("pattern", "encrypts nothing")),
        _ => Ok(()),
    }
}

/// A cipher and its state within one sample.
enum Mode<'a> {
    Ctr { stream: ctr::Ctr64BE<&'a Aes128>, blocks_only: bool },
    Encrypt(cbc::Encryptor<&'a Aes128>),
    Decrypt(cbc::Decryptor<&'a Aes128>),
}

impl<'a> Mode<'a> {
    fn new(aes: &'a Aes128, crypto: &SampleCrypto, encrypt: bool) -> Self {
        let iv = &crypto.iv.into();
        match (crypto.scheme, encrypt) {
            // 64 bits of counter that wrap without a carry into the IV's first half (§9.3).
            (Scheme::Cenc | Scheme::Cens, _) => Mode::Ctr {
                stream: ctr::Ctr64BE::from_core(ctr::CtrCore::inner_iv_init(aes, iv)),
                blocks_only: crypto.scheme == Scheme::Cens,
            },
            (_, true) => Mode::Encrypt(cbc::Encryptor::inner_iv_init(aes, iv)),
            (_, false) => Mode::Decrypt(cbc::Decryptor::inner_iv_init(aes, iv)),
        }
    }

    /// One protected range. The encrypted blocks of a pattern are few and far between: gathered, they go through the cipher
    /// side by side instead of one by one, which is several times as fast.
    fn range(&mut self, data: &mut [u8], pattern: Option<Pattern>) {
        let Some(pattern) = pattern else { return self.apply(data) };
        let (crypt, skip) = (usize::from(pattern.crypt) * 16, usize::from(pattern.skip) * 16);
        let mut batch = [0u8; BATCH];
        let strides = (BATCH / crypt).max(1);
        // What a stride encrypts: whole blocks only, also in the last, shorter stride.
        let encrypted = |stride: &[u8]| crypt.min(stride.len()) & !15;
        for group in data.chunks_mut((crypt + skip) * strides) {
            let mut used = 0;
            for stride in group.chunks(crypt + skip) {
                let n = encrypted(stride);
                batch[used..used + n].copy_from_slice(&stride[..n]);
                used += n;
            }
            self.apply(&mut batch[..used]);
            used = 0;
            for stride in group.chunks_mut(crypt + skip) {
                let n = encrypted(stride);
                stride[..n].copy_from_slice(&batch[used..used + n]);
                used += n;
            }
        }
    }

    /// Bytes without a gap.
    fn apply(&mut self, data: &mut [u8]) {
        match self {
            Mode::Ctr { stream, blocks_only } => {
                let end = if *blocks_only { data.len() & !15 } else { data.len() };
                stream.apply_keystream(&mut data[..end]);
            }
            Mode::Encrypt(cbc) => cbc.encrypt_blocks_inout(InOutBuf::from(data).into_chunks::<U16>().0),
            Mode::Decrypt(cbc) => cbc.decrypt_blocks_inout(InOutBuf::from(data).into_chunks::<U16>().0),
        }
    }
}

/// A public 16-byte value that depends on all of `label` and that nobody can foretell without `key`: CBC-MAC under a key of its
/// own, the label's length first.
pub(crate) fn prf(key: &ContentKey, label: &[u8]) -> [u8; 16] {
    let mut own: aes::Block = (*b"Hearth IV labels").into();
    Aes128::new(&key.0.into()).encrypt_block(&mut own);
    let aes = Aes128::new(&own);
    let mut state: aes::Block = (label.len() as u128).to_be_bytes().into();
    aes.encrypt_block(&mut state);
    for chunk in label.chunks(16) {
        state.iter_mut().zip(chunk).for_each(|(s, c)| *s ^= c);
        aes.encrypt_block(&mut state);
    }
    state.into()
}
