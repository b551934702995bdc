"""Small inputs that the programs draw and sound by themselves, the same on every machine."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.signal import lfilter

# Formants in Hz.
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480))


def page(lines, size, height=28):
    """An RGB image of dark lines of text on a light ground; size is (width, height) in pixels."""
    image = Image.new("RGB", size, (250, 250, 245))
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(height)
    for row, line in enumerate(lines):
        draw.text((20, 15 + row * (height + 22)), line, fill=(20, 20, 40), font=font)
    return image


def captcha(text):
    """An RGB image of 160 x 60 pixels: letters set unevenly, with lines and dots over them."""
    image = page([], (160, 60))
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(34)
    for index, letter in enumerate(text):
        color = ((40, 60, 160), (160, 40, 40), (30, 110, 50))[index % 3]
        draw.text((12 + 34 * index, 8 + 4 * (index % 2)), letter, fill=color, font=font)
    rng = np.random.default_rng(len(text))
    for x, y in rng.integers(0, (160, 60), (40, 2)):
        draw.point((int(x), int(y)), fill=(90, 90, 90))
    draw.line((0, 50, 160, 12), fill=(120, 120, 120))
    return image


def scene(seed, size):
    """An RGB image of a drawn figure before a smoothly colored ground."""
    rng = np.random.default_rng(seed)
    small = rng.integers(60, 220, (6, 6, 3), np.uint8)
    image = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    width, height = size
    x, y, r = width // 2 + 13 * seed, height // 3, height // 8
    skin = (224, 172, 140)
    draw.ellipse((x - 2 * r, y + r, x + 2 * r, y + 5 * r), fill=skin)
    draw.ellipse((x - r, y - 1.4 * r, x + r, y + 1.2 * r), fill=(60, 40, 30))
    draw.ellipse((x - 0.8 * r, y - r, x + 0.8 * r, y + 1.2 * r), fill=skin)
    for side in (-1, 1):
        eye = x + side * 0.35 * r
        draw.ellipse((eye - 0.12 * r, y - 0.2 * r, eye + 0.12 * r, y), fill=(30, 30, 30))
    mouth = (x - 0.4 * r, y + 0.2 * r, x + 0.4 * r, y + 0.8 * r)
    draw.arc(mouth, 20, 160, fill=(150, 40, 50), width=3)
    return image


def tone(frequencies, seconds, rate):
    """Notes one after the other, of four harmonics and a faint noise, as float32 in [-1, 1]."""
    t = np.arange(int(seconds * rate)) / rate
    notes = []
    for frequency in frequencies:
        wave = sum(np.sin(2 * np.pi * frequency * k * t) / k**1.5 for k in range(1, 5))
        notes.append(wave * np.exp(-1.5 * t) * np.minimum(1, t * 200))
    wave = 0.4 * np.concatenate(notes)
    return (wave + 0.001 * np.random.default_rng(3).standard_normal(wave.size)).astype(np.float32)


def speech(syllables, rate=16000, pitch=115.0, seed=0):
    """Vowels of a buzzing voice, 0.22 s each with a hiss before it, as float32 in [-1, 1]."""
    rng = np.random.default_rng(seed)
    length = int(0.22 * rate)
    t = np.arange(length) / rate
    parts = []
    for index in range(syllables):
        height = pitch * (1 + 0.12 * np.sin(1.7 * index) + 0.03 * np.sin(2 * np.pi * 5 * t))
        phase = np.cumsum(height / rate)
        voice = np.diff(np.floor(phase), prepend=0) + 0.01 * rng.standard_normal(length)
        for formant, width in zip(VOWELS[index % 4], (80, 100, 130)):
            radius = np.exp(-np.pi * width / rate)
            feedback = [1, -2 * radius * np.cos(2 * np.pi * formant / rate), radius**2]
            voice = lfilter([1 - radius], feedback, voice)
        voice *= np.sin(np.pi * t / t[-1]) ** 0.5 / np.abs(voice).max()
        hiss = np.diff(rng.standard_normal(length // 4), prepend=0) * 0.05
        parts += [hiss, voice]
    wave = 0.5 * np.concatenate(parts)
    return (wave + 0.001 * rng.standard_normal(wave.size)).astype(np.float32)


def talk(rate=16000):
    """Silence, speech, silence, speech of a higher voice, silence, with a faint noise."""
    quiet = np.zeros(rate, np.float32)
    wave = np.concatenate([quiet, speech(6, rate), quiet, speech(7, rate, 210.0, seed=1), quiet])
    noise = np.random.default_rng(2).standard_normal(wave.size).astype(np.float32)
    return wave + 0.001 * noise
