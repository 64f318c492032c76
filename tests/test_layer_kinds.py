"""What a layer holds, by its name: light may be averaged over pixels, an id may not."""

from __future__ import annotations

import pytest

from denoise.layer_kinds import is_denoised, kind_of

LIGHT = """
    diffuse specular coat sss transmission emission volume background direct indirect diffuse_direct specular_indirect
    DiffDir DiffInd GlossDir TransInd Emit Env VolumeDir Diffuse~Direct Glossy~Indirect Emission Environment
    Combined_key Combined_lamps Combined_window Combined_mask~light Combined_depth~of~field Combined_N
    RGBA_key RGBA_default LG_fill LG_shadow C_rim Beauty_sun lightselect_key RADIANCE_GROUP_0 lightGroup_sun
    GI reflections refractions subsurface selfIllumination atmosphere caustics
    DiffuseLighting GlobalIllumination SpecularLighting Refractions Emission
    directdiffuse indirectdiffuse glossyreflection visiblelights lpe:C<RD>L key_light portal interior composition
"""

NOT_LIGHT = {
    "cryptomatte": "CryptoObject00 CryptoMaterial01 crypto_asset00 uCryptoMaterial00 cryptoobject Cryptomatte02 "
    "VRayCryptomatte00 crypto_material RGBA_crypto",
    "id": "IndexOB IndexMAObject~Index Material~Index objectid materialID prim.I id instance_id mesh_ids",
    "mask": "ActorHitProxyMask00 MultiMatte shadow_matte opacity cutout Alpha Holdout holdout_mask",
    "statistics": "variance Variance RelativeVariance noiseLevel mse diffuse_mse albedo_var sampleCount "
    "Debug~Sample~Count AA_samples cputime heatmap oraclevariance RGBA_variance",
    "albedo": "albedo denoise_albedo diffuse_albedo specular_albedo DiffCol GlossCol TransCol SubsurfaceCol "
    "Diffuse~Color Glossy~Color Transmission~Color DiffuseFilter rawDiffuseFilter baseColor CShading_Albedo "
    "Denoise~Albedo Denoising~Albedo alb",
    "normal": "N Ns nn sh_normal normals bumpnormals BumpNormals Normal Denoising~Normal N_noice "
    "CGeometry_NormalsGeometry __Nworld",
    "position": "P pos Position Pworld Pref position",
    "depth": "Z dd depth zDepth Z_noice zfiltered Depth Denoising~Depth Mist CGeometry_ZDepth "
    "FinalImageMovieRenderQueue_WorldDepth",
    "motion": "motionvectors MotionVectors velocity Vector motionvec forward backward",
    "coordinates": "uv UV st texcoord dzdx",
    "direction": "tangent dPdu incidence",
    "unlit": "AO Ambient~Occlusion shadow Shadow rawShadow beautyunshadowed rawLight rawGI DiffuseLightingRaw",
    "surface": "roughness fresnel facing_ratio",
    "denoised": "RGBA_denoised effectsResult denoiser Beauty_oidn optix_beauty Combined_key_denoised DenoisedBeauty",
    "second moment": "m2_nested m2_nested.albedo",
}


def split(text: str) -> list[str]:
    """Names apart by spaces; ~ stands for a space in a name."""
    return [name.replace("~", " ") for name in text.split()]


@pytest.mark.parametrize("name", split(LIGHT))
def test_light(name):
    assert kind_of(name) == ""


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for kind, text in NOT_LIGHT.items() for name in split(text)])
def test_what_is_no_light(name, kind):
    assert kind_of(name) == kind


@pytest.mark.parametrize("name", ["Denoising Albedo", "denoise_albedo_noisy", "N_noice", "Denoise Normal", "noise"])
def test_data_for_denoisers_is_not_denoised(name):
    assert not is_denoised(name)
